//! Pictures without a display: egui's triangles drawn on the processor, the same bytes on every machine.

use egui::epaint::{ClippedPrimitive, ImageData, Mesh, Primitive, Vertex};
use egui::{Color32, ColorImage, Pos2, TextureId, TexturesDelta};
use std::collections::BTreeMap;

/// A picture, and the textures that it is drawn with.
#[derive(Default)]
pub struct Raster {
    textures: BTreeMap<TextureId, ColorImage>,
}

/// The pixels that may be drawn to: from the first two to before the last two.
type Clip = [i32; 4];

impl Raster {
    /// Takes over new and changed textures.
    pub fn update(&mut self, delta: &mut TexturesDelta) {
        let set: BTreeMap<TextureId, _> = std::mem::take(&mut delta.set).into_iter().collect();
        for (id, changes) in set {
            for change in changes {
                let ImageData::Color(image) = change.image;
                match (change.pos, self.textures.get_mut(&id)) {
                    (Some([left, top]), Some(texture)) => {
                        for row in 0..image.size[1] {
                            let to = (top + row) * texture.size[0] + left;
                            let from = row * image.size[0];
                            let width = image.size[0];
                            texture.pixels[to..to + width].copy_from_slice(&image.pixels[from..from + width]);
                        }
                    }
                    _ => {
                        self.textures.insert(id, (*image).clone());
                    }
                }
            }
        }
        let free: std::collections::BTreeSet<TextureId> =
            std::mem::take(&mut delta.free).into_iter().collect();
        for id in free {
            self.textures.remove(&id);
        }
    }

    /// Draws triangles on a background.
    pub fn draw(
        &self,
        primitives: &[ClippedPrimitive],
        pixels_per_point: f32,
        size: [usize; 2],
        background: Color32,
    ) -> ColorImage {
        let mut image = ColorImage::filled(size, background);
        for primitive in primitives {
            let clip = &primitive.clip_rect;
            let edge =
                |value: f32, most: usize| (value * pixels_per_point).round().clamp(0.0, most as f32) as i32;
            let clip = [
                edge(clip.min.x, size[0]),
                edge(clip.min.y, size[1]),
                edge(clip.max.x, size[0]),
                edge(clip.max.y, size[1]),
            ];
            if let Primitive::Mesh(mesh) = &primitive.primitive {
                self.mesh(&mut image, mesh, pixels_per_point, clip);
            }
        }
        image
    }

    fn mesh(&self, image: &mut ColorImage, mesh: &Mesh, scale: f32, clip: Clip) {
        let texture = self.textures.get(&mesh.texture_id);
        for corner in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|index| mesh.vertices[corner[index] as usize]);
            triangle(image, corners, texture, scale, clip);
        }
    }
}

/// Twice the area of a triangle, positive where it runs clockwise on the screen.
fn area(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

fn triangle(
    image: &mut ColorImage,
    corners: [Vertex; 3],
    texture: Option<&ColorImage>,
    scale: f32,
    clip: Clip,
) {
    let [a, mut b, mut c] = corners;
    let place = |vertex: &Vertex| Pos2::new(vertex.pos.x * scale, vertex.pos.y * scale);
    let mut whole = area(place(&a), place(&b), place(&c));
    if whole < 0.0 {
        std::mem::swap(&mut b, &mut c);
        whole = -whole;
    }
    let [p, q, r] = [place(&a), place(&b), place(&c)];
    if whole == 0.0 || !whole.is_finite() {
        return;
    }
    let least = |x: f32, y: f32, z: f32| x.min(y).min(z).floor() as i32;
    let most = |x: f32, y: f32, z: f32| x.max(y).max(z).ceil() as i32;
    let (left, right) = (least(p.x, q.x, r.x).max(clip[0]), most(p.x, q.x, r.x).min(clip[2]));
    let (top, bottom) = (least(p.y, q.y, r.y).max(clip[1]), most(p.y, q.y, r.y).min(clip[3]));
    // A pixel on an edge belongs to the triangle whose upper or left edge it is: no pixel is drawn twice.
    let owns = |from: Pos2, to: Pos2| to.y < from.y || to.y == from.y && to.x > from.x;
    let owned = [owns(q, r), owns(r, p), owns(p, q)];
    let plain = a.uv == b.uv && b.uv == c.uv;
    let flat = (plain && a.color == b.color && b.color == c.color)
        .then(|| tinted(a.color.to_array().map(f32::from), sample(texture, a.uv)));
    let width = image.size[0];
    for y in top..bottom {
        for x in left..right {
            let at = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            let parts = [area(q, r, at), area(r, p, at), area(p, q, at)];
            let inside = |index: usize| parts[index] > 0.0 || parts[index] == 0.0 && owned[index];
            if !(inside(0) && inside(1) && inside(2)) {
                continue;
            }
            let color = flat.unwrap_or_else(|| {
                let weights = parts.map(|part| part / whole);
                let mix = |values: [f32; 3]| {
                    values[0] * weights[0] + values[1] * weights[1] + values[2] * weights[2]
                };
                let channels = [a.color.to_array(), b.color.to_array(), c.color.to_array()];
                let color = [0, 1, 2, 3].map(|i| mix(channels.map(|channel| f32::from(channel[i]))));
                let uv = Pos2::new(mix([a.uv.x, b.uv.x, c.uv.x]), mix([a.uv.y, b.uv.y, c.uv.y]));
                tinted(color, sample(texture, uv))
            });
            let pixel = &mut image.pixels[y as usize * width + x as usize];
            *pixel = over(color, *pixel);
        }
    }
}

fn tinted(color: [f32; 4], texel: [f32; 4]) -> [f32; 4] {
    [0, 1, 2, 3].map(|index| color[index] * texel[index] / 255.0)
}

/// Premultiplied colors, the first over the second.
fn over(color: [f32; 4], below: Color32) -> Color32 {
    let below = below.to_array().map(f32::from);
    let rest = 1.0 - color[3] / 255.0;
    let [r, g, b, a] = [0, 1, 2, 3].map(|index| (color[index] + below[index] * rest + 0.5) as u8);
    Color32::from_rgba_premultiplied(r, g, b, a)
}

/// The texture at a place between 0 and 1, mixed of the four texels around it.
fn sample(texture: Option<&ColorImage>, uv: Pos2) -> [f32; 4] {
    let Some(texture) = texture else { return [255.0; 4] };
    let [width, height] = texture.size;
    let x = (uv.x * width as f32 - 0.5).clamp(0.0, (width - 1) as f32);
    let y = (uv.y * height as f32 - 0.5).clamp(0.0, (height - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let texel = |x: usize, y: usize| texture.pixels[y * width + x].to_array().map(f32::from);
    let (dx, dy) = (x - left as f32, y - top as f32);
    let [a, b, c, d] = [texel(left, top), texel(right, top), texel(left, bottom), texel(right, bottom)];
    [0, 1, 2, 3].map(|i| (a[i] * (1.0 - dx) + b[i] * dx) * (1.0 - dy) + (c[i] * (1.0 - dx) + d[i] * dx) * dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Rect, pos2};

    #[test]
    fn two_halves_of_a_rectangle_meet_without_a_seam() {
        let mut mesh = Mesh::default();
        let half = Color32::from_rgba_premultiplied(100, 0, 0, 128);
        mesh.add_colored_rect(Rect::from_min_max(pos2(1.0, 1.0), pos2(9.0, 7.0)), half);
        let clip_rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(8.0, 10.0));
        let primitive = ClippedPrimitive { clip_rect, primitive: Primitive::Mesh(mesh) };
        let image = Raster::default().draw(&[primitive], 1.0, [10, 10], Color32::WHITE);
        for y in 0..10 {
            for x in 0..10 {
                let inside = (1..8).contains(&x) && (1..7).contains(&y);
                let expected = if inside { [227, 127, 127, 255] } else { [255; 4] };
                assert_eq!(image.pixels[y * 10 + x].to_array(), expected, "{x} {y}");
            }
        }
    }
}
