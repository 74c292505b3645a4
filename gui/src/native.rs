//! The command line of the window.

use clap::Parser;
use dispatchlab_gui::app::state::Settings;
use dispatchlab_gui::start::Start;
use dispatchlab_gui::window::Window;
use dispatchlab_gui::words::Language;
use dispatchlab_gui::{App, platform, screenshot};
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows schedules, why they are as they are, and what changes them.
#[derive(Parser)]
#[command(name = "dispatchlab-gui", version)]
struct Arguments {
    /// A scenario (.toml), a task list (.csv), an access log, or the name of a library scenario
    input: Option<String>,
    /// A lesson to begin with, or a folder with one
    #[arg(long, value_name = "NAME", conflicts_with = "input")]
    lesson: Option<String>,
    /// Policy to begin with: [STATION=]ID[:name=value,...]
    #[arg(long, value_name = "POLICY")]
    policy: Vec<String>,
    /// Another policy to race with; up to three
    #[arg(long, value_name = "POLICY")]
    race: Vec<String>,
    /// Run so many replications: of all policies of the race, where there is one
    #[arg(long, value_name = "R")]
    replications: Option<String>,
    /// Instant to show, such as 12ms
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How it looks; default: as it was last
    #[arg(long, value_name = "LOOK", value_parser = ["light", "dark", "projector"])]
    look: Option<String>,
    /// Language; default: as it was last
    #[arg(long, value_name = "LANGUAGE", value_parser = clap::builder::PossibleValuesParser::new(Language::ALL.map(Language::code)))]
    language: Option<String>,
    /// Pane to bring to the front; may be given more than once
    #[arg(long, value_name = "PANE")]
    show: Vec<String>,
    /// Hide what comes and ask for it: decision by decision, or as a drawing
    #[arg(long, value_name = "WAY", value_parser = ["next", "draw"])]
    predict: Option<String>,
    /// Write a picture of the window to this PNG file instead of opening it; needs no display
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,
    /// Print where something is in the window, by its accessible name, as left, top, width and height in pixels; needs no display
    #[arg(long = "where", value_name = "NAME", conflicts_with = "screenshot")]
    place: Option<String>,
    /// Size of the picture, in pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x800", value_parser = size)]
    size: [usize; 2],
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let wrong = || format!("`{text}` is not of the form WIDTHxHEIGHT, each from 100 to 8000");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let parse = |text: &str| text.parse().ok().filter(|n| (100..=8000).contains(n)).ok_or_else(wrong);
    Ok([parse(width)?, parse(height)?])
}

impl Arguments {
    /// Opens what was asked for; the error is for the terminal.
    fn prepare(&self, app: &mut App) -> Result<(), String> {
        let start = Start {
            input: self.input.clone(),
            lesson: self.lesson.clone(),
            policy: self.policy.clone(),
            race: self.race.clone(),
            replications: self.replications.clone(),
            at: self.at.clone(),
            look: self.look.clone(),
            language: self.language.clone(),
            show: self.show.clone(),
            predict: self.predict.clone(),
        };
        start.prepare(app)
    }
}

pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (&arguments.screenshot, &arguments.place) {
        (Some(path), _) => picture(&arguments, path),
        (None, Some(name)) => place(&arguments, name),
        (None, None) => window(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, error)) => {
            eprintln!("error: {error}");
            ExitCode::from(code)
        }
    }
}

/// The app as the arguments ask for it, without a window.
fn prepared(arguments: &Arguments) -> Result<App, (u8, String)> {
    let mut app = App::new(Settings::default(), None, None);
    arguments.prepare(&mut app).map_err(|error| (2, error))?;
    app.wait();
    if arguments.input.is_some() && app.state.setup().is_none() {
        let news: Vec<String> = app.state.news.iter().map(|(_, text)| text.clone()).collect();
        return Err((2, news.join("\n")));
    }
    Ok(app)
}

fn place(arguments: &Arguments, name: &str) -> Result<(), (u8, String)> {
    let mut app = prepared(arguments)?;
    let found = screenshot::place(&mut app, arguments.size, name);
    let place = found.ok_or_else(|| (1, format!("nothing in the window is called `{name}`")))?;
    let [left, top] = [place.left(), place.top()].map(|at| at.round() as i64);
    println!("{left} {top} {} {}", place.width().round() as i64, place.height().round() as i64);
    Ok(())
}

fn picture(arguments: &Arguments, path: &std::path::Path) -> Result<(), (u8, String)> {
    let mut app = prepared(arguments)?;
    let image = screenshot::take(&mut app, arguments.size);
    let bytes = screenshot::png(&image).map_err(|error| (1, error))?;
    platform::write(&path.display().to_string(), &bytes).map_err(|error| (1, error))
}

fn window(arguments: Arguments) -> Result<(), (u8, String)> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("DispatchLab")
        .with_app_id("dispatchlab")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([640.0, 420.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        let mut wrong = None;
        let window = Window::new(creation, |app| wrong = arguments.prepare(app).err());
        match wrong {
            Some(error) => Err(error.into()),
            None => Ok(Box::new(window)),
        }
    });
    eframe::run_native("dispatchlab", options, create).map_err(|error| (1, error.to_string()))
}
