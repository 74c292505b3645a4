//! The window as a picture, without a display.

use crate::App;
use crate::raster::Raster;
use egui::{Color32, ColorImage, Context, Pos2, RawInput, Rect, Vec2};

/// Frames until everything has found its size and its place.
const FRAMES: usize = 8;

/// Draws a window of this size, in pixels.
pub fn take(app: &mut App, size: [usize; 2]) -> ColorImage {
    let context = Context::default();
    let mut raster = Raster::default();
    let pixels = Vec2::new(size[0] as f32, size[1] as f32);
    let mut image = ColorImage::filled(size, Color32::BLACK);
    for frame in 0..FRAMES {
        let points = pixels / context.pixels_per_point();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, points)),
            time: Some(frame as f64 * 0.25),
            predicted_dt: 0.25,
            ..RawInput::default()
        };
        let mut output = context.run_ui(input, |ui| app.draw(ui));
        raster.update(&mut output.textures_delta);
        if frame + 1 == FRAMES {
            // What the app does not paint stays black, so that it is seen.
            let primitives = context.tessellate(output.shapes, output.pixels_per_point);
            image = raster.draw(&primitives, output.pixels_per_point, size, Color32::BLACK);
        }
    }
    image
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
