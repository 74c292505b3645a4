//! The window as a picture, without a display.

use crate::App;
use crate::raster::Raster;
use egui::{Color32, ColorImage, Context, FullOutput, Pos2, RawInput, Rect, Vec2};

/// Frames until everything has found its size and its place.
const FRAMES: usize = 8;

/// Draws a window of this size, in pixels.
pub fn take(app: &mut App, size: [usize; 2]) -> ColorImage {
    let context = Context::default();
    let mut raster = Raster::default();
    let mut image = ColorImage::filled(size, Color32::BLACK);
    frames(app, &context, size, |output, last| {
        raster.update(&mut output.textures_delta);
        if last {
            // What the app does not paint stays black, so that it is seen.
            let shapes = std::mem::take(&mut output.shapes);
            let primitives = context.tessellate(shapes, output.pixels_per_point);
            image = raster.draw(&primitives, output.pixels_per_point, size, Color32::BLACK);
        }
    });
    image
}

/// Where something is in a window of this size, by its accessible name, in pixels: for programs that use the window as a
/// person does.
pub fn place(app: &mut App, size: [usize; 2], name: &str) -> Option<Rect> {
    let context = Context::default();
    context.enable_accesskit();
    let mut found = None;
    frames(app, &context, size, |output, last| {
        output.textures_delta.clear();
        let tree = output.platform_output.accesskit_update.take().filter(|_| last);
        for (_, node) in tree.iter().flat_map(|tree| &tree.nodes) {
            if let Some(bounds) = node.bounds()
                && (node.label() == Some(name) || node.value() == Some(name))
            {
                let at = |x: f64, y: f64| Pos2::new(x as f32, y as f32) * output.pixels_per_point;
                found = Some(Rect::from_min_max(at(bounds.x0, bounds.y0), at(bounds.x1, bounds.y1)));
            }
        }
    });
    found
}

/// Draws frames until nothing moves any more.
fn frames(app: &mut App, context: &Context, size: [usize; 2], mut each: impl FnMut(&mut FullOutput, bool)) {
    let pixels = Vec2::new(size[0] as f32, size[1] as f32);
    for frame in 0..FRAMES {
        let points = pixels / context.pixels_per_point();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, points)),
            time: Some(frame as f64 * 0.25),
            predicted_dt: 0.25,
            ..RawInput::default()
        };
        // What a frame asks for is there in the next but one.
        app.wait();
        let mut output = context.run_ui(input, |ui| app.draw(ui));
        each(&mut output, frame + 1 == FRAMES);
    }
}

/// A picture as the bytes of a PNG file.
pub fn png(image: &ColorImage) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.size[0] as u32, image.size[1] as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let rgb: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(&rgb).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(bytes)
}
