//! What a frame of the schedule costs: egui's pass and tessellation, at a million stretches; and what it takes from a slider
//! to the picture. `cargo bench -p dispatchlab-gui`.

use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::state::{Settings, Window};
use egui::{Context, Pos2, RawInput, Rect, vec2};
use std::time::Instant;

/// A scenario whose cores have about this many stretches.
fn scenario(stretches: u64) -> String {
    // Quantum-bound jobs on eight cores: about ten stretches a job, on the core and in the task's row.
    let jobs = stretches / 20;
    format!(
        "name = \"bench\"\nseed = 1\nstop = {{ jobs = {jobs} }}\n\
         [[class]]\nname = \"a\"\nsteps = [{{ work = \"cpu\", demand = {{ exponential = {{ mean = \"10ms\" }} }} }}]\n\
         [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = {{ poisson = \"760/s\" }}\n\
         [[processor]]\nname = \"cpu\"\ncores = 8\nscheduler = \"round-robin:quantum=1ms\"\ncontext_switch = \"10us\"\n"
    )
}

fn frame(context: &Context, app: &mut App, number: usize) -> (f64, f64, usize) {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0))),
        time: Some(number as f64 / 60.0),
        ..RawInput::default()
    };
    let start = Instant::now();
    let mut output = context.run_ui(input, |ui| app.draw(ui));
    let pass = start.elapsed().as_secs_f64() * 1e3;
    output.textures_delta.clear();
    let start = Instant::now();
    let primitives = context.tessellate(output.shapes, output.pixels_per_point);
    let vertices = primitives.iter().map(|primitive| match &primitive.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
        egui::epaint::Primitive::Callback(_) => 0,
    });
    let vertices = vertices.sum();
    (pass, start.elapsed().as_secs_f64() * 1e3, vertices)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// From a slider to the picture, where a run has this many events: the change is carried out, and the next frame drawn.
fn slider(jobs: u64) {
    let text = scenario(jobs * 20);
    let mut app = App::new(Settings::default(), None, None);
    app.apply(Action::OpenBytes { name: "bench.toml".to_owned(), bytes: text.into_bytes(), folder: None });
    app.wait();
    let context = Context::default();
    for number in 0..8 {
        frame(&context, &mut app, number);
    }
    let (mut changes, mut frames) = (Vec::new(), Vec::new());
    for step in 0..20u32 {
        let setup = app
            .state
            .setup()
            .expect("open")
            .with_policy(None, &format!("round-robin:quantum={}us", 1_000 + step));
        let start = Instant::now();
        app.apply(Action::Change { what: "quantum".to_owned(), setup: Box::new(setup) });
        assert!(!app.is_busy(), "it is run in the frame");
        changes.push(start.elapsed().as_secs_f64() * 1e3);
        let (pass, tessellation, _) = frame(&context, &mut app, 8 + step as usize);
        frames.push(pass + tessellation);
        app.wait();
    }
    let events = app.state.snapshot.as_ref().expect("it runs").result.first.events;
    println!("{events:6}  {:13.2}  {:8.2}", median(changes), median(frames));
}

fn main() {
    println!("events  run, index ms  frame ms");
    for jobs in [900, 4_500, 9_000] {
        slider(jobs);
    }
    println!();
    println!("stretches  view     pass ms  tessellation ms  vertices");
    for wanted in [10_000, 100_000, 1_000_000] {
        let mut app = App::new(Settings::default(), None, None);
        let bytes = scenario(wanted).into_bytes();
        let start = Instant::now();
        app.apply(Action::OpenBytes { name: "bench.toml".to_owned(), bytes, folder: None });
        app.wait();
        let made = start.elapsed().as_secs_f64();
        let snapshot = app.state.snapshot.clone().expect("it runs");
        let stretches: usize = snapshot.rows.rows.iter().map(|row| snapshot.rows.bars(row).len()).sum();
        for (name, part) in [("fit", 1.0), ("1 %", 0.01)] {
            let context = Context::default();
            let (mut passes, mut shapes, mut count) = (Vec::new(), Vec::new(), 0);
            for number in 0..40 {
                // A view that moves: nothing can be kept from the frame before.
                let whole = Window::whole(snapshot.end());
                let from = whole.from + whole.length() * (1.0 - part) * 0.3 + number as f64;
                app.apply(Action::See(Window { from, to: from + whole.length() * part }));
                let (pass, tessellation, vertices) = frame(&context, &mut app, number);
                if number >= 8 {
                    passes.push(pass);
                    shapes.push(tessellation);
                    count = vertices;
                }
            }
            println!("{stretches:9}  {name:7}  {:7.2}  {:15.2}  {count:8}", median(passes), median(shapes));
        }
        println!("           run and indices: {made:.2} s");
    }
}
