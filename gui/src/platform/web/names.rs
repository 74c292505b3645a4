//! What is on the canvas, as elements of the page: for screen readers and for programs that drive the page. The toolkit
//! draws pixels and gives browsers nothing else, so its accessibility tree is put over the canvas as invisible elements
//! with roles, names and places.
//!
//! On when the address says `accessible`, since every changed frame costs a walk over the page.

use eframe::wasm_bindgen::JsCast as _;
use eframe::wasm_bindgen::closure::Closure;
use egui::accesskit::{Action, ActionRequest, Node, NodeId, Role, TreeId, TreeUpdate};
use egui::{Context, Event, FullOutput, RawInput};
use std::cell::RefCell;

/// The element that holds them.
const HOLDER: &str = "names";
/// No more than these are named; a table scrolls.
const MOST: usize = 600;

thread_local! {
    /// Elements that were activated since the last frame.
    static ACTIVATED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the page's elements as the canvas is.
#[derive(Default)]
pub struct Names {
    shown: Vec<Named>,
}

#[derive(Clone, PartialEq)]
struct Named {
    id: u64,
    role: &'static str,
    name: String,
    disabled: bool,
    /// Left, top, width and height, in pixels of the page.
    place: [i32; 4],
}

impl egui::Plugin for Names {
    fn debug_name(&self) -> &'static str {
        "names"
    }

    fn setup(&mut self, context: &Context) {
        context.enable_accesskit();
        let Some(holder) = holder() else { return };
        let context = context.clone();
        let heard = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let id = target.and_then(|target| target.get_attribute("data-id")).and_then(|id| id.parse().ok());
            ACTIVATED.with_borrow_mut(|activated| activated.extend::<Option<u64>>(id));
            context.request_repaint();
        });
        // It is heard as long as the page is there.
        let _ = holder.add_event_listener_with_callback("click", heard.as_ref().unchecked_ref());
        heard.forget();
    }

    fn input_hook(&mut self, _context: &Context, input: &mut RawInput) {
        for id in ACTIVATED.take() {
            input.events.push(Event::AccessKitActionRequest(ActionRequest {
                action: Action::Click,
                target_tree: TreeId::ROOT,
                target_node: NodeId(id),
                data: None,
            }));
        }
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        let Some(tree) = &output.platform_output.accesskit_update else { return };
        let found = named(tree, context.zoom_factor());
        if found != self.shown {
            show(&found);
            self.shown = found;
        }
    }
}

fn holder() -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id(HOLDER)
}

fn named(tree: &TreeUpdate, zoom: f32) -> Vec<Named> {
    let one = |(id, node): &(NodeId, Node)| {
        let name = node.label().or_else(|| node.value()).filter(|name| !name.trim().is_empty())?;
        let bounds = node.bounds()?;
        let pixels = |points: f64| (points * f64::from(zoom)).round() as i32;
        let (left, top) = (pixels(bounds.x0), pixels(bounds.y0));
        let place = [left, top, pixels(bounds.x1) - left, pixels(bounds.y1) - top];
        Some(Named {
            id: id.0,
            role: role(node)?,
            name: name.to_owned(),
            disabled: node.is_disabled(),
            place,
        })
    };
    tree.nodes.iter().filter_map(one).take(MOST).collect()
}

fn role(node: &Node) -> Option<&'static str> {
    Some(match node.role() {
        Role::Button | Role::DefaultButton => "button",
        Role::CheckBox => "checkbox",
        Role::RadioButton => "radio",
        Role::ComboBox => "combobox",
        Role::Slider => "slider",
        Role::SpinButton => "spinbutton",
        Role::TextInput | Role::MultilineTextInput => "textbox",
        Role::Link => "link",
        Role::Tab => "tab",
        Role::ProgressIndicator => "progressbar",
        Role::Image => "img",
        Role::Alert => "alert",
        Role::Label => "note",
        _ => return None,
    })
}

fn show(all: &[Named]) {
    let Some(holder) = holder() else { return };
    let Some(document) = holder.owner_document() else { return };
    holder.set_text_content(None);
    for named in all {
        let Ok(element) = document.create_element("div") else { return };
        let [left, top, width, height] = named.place;
        let style = format!("left:{left}px;top:{top}px;width:{width}px;height:{height}px");
        let (id, disabled) = (named.id.to_string(), named.disabled.to_string());
        let attributes = [
            ("role", named.role),
            ("aria-label", &named.name),
            ("aria-disabled", &disabled),
            ("data-id", &id),
            ("style", &style),
        ];
        let set = attributes.iter().all(|(name, value)| element.set_attribute(name, value).is_ok());
        if !set || holder.append_child(&element).is_err() {
            return;
        }
    }
}
