//! On a page of the web: the browser's picker, files as downloads, and what the address asks for.
//!
//! Everything that the browser does takes its time; what comes of it is left in a box that the next frame empties.

mod names;

use crate::app::action::Action;
use crate::files::Export;
use crate::start::Start;
use crate::tr;
use crate::window::Window;
use eframe::wasm_bindgen::{JsCast, JsValue};
use eframe::web_sys;
use egui::{Context, DroppedFileHandle};
use scenarios::Input;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Larger files are for the command line, in bytes.
pub const BYTES_MAX: u64 = 1 << 26;

/// The element of the page that is drawn in.
const CANVAS: &str = "dispatchlab";

/// What the browser was asked, and what came from it.
#[derive(Default)]
pub struct Desk {
    came: Rc<RefCell<Vec<Action>>>,
}

impl Desk {
    /// Asks for a file to open.
    pub fn ask_open(&mut self, context: &Context) {
        let (came, context) = (Rc::clone(&self.came), context.clone());
        spawn_local(async move {
            let Some(file) = rfd::AsyncFileDialog::new().pick_file().await else { return };
            let name = file.file_name();
            let action = if file.inner().size() > BYTES_MAX as f64 {
                Action::Tell(super::too_large(&name))
            } else {
                Action::OpenBytes { name, bytes: file.read().await, folder: None }
            };
            came.borrow_mut().push(action);
            context.request_repaint();
        });
    }

    /// Nothing to ask: the browser decides where downloads go.
    pub fn ask_save(&mut self, _context: &Context, export: Export, name: String, _suffix: &'static str) {
        self.came.borrow_mut().push(Action::Save(export, name));
    }

    /// Takes a file that was dropped on the page.
    pub fn receive(&mut self, context: &Context, file: &DroppedFileHandle) {
        let (came, context, file) = (Rc::clone(&self.came), context.clone(), file.clone());
        spawn_local(async move {
            let name = file.path().to_string_lossy().into_owned();
            let large = file.web_file().is_some_and(|file| file.size() > BYTES_MAX as f64);
            let action = if large {
                Action::Tell(super::too_large(&name))
            } else {
                match file.bytes_async().await {
                    Ok(bytes) => Action::OpenBytes { name, bytes, folder: None },
                    // A folder, most often.
                    Err(_) => Action::Tell(tr!("open-no-file", name = name)),
                }
            };
            came.borrow_mut().push(action);
            context.request_repaint();
        });
    }

    /// What has come since.
    pub fn answers(&mut self) -> Vec<Action> {
        self.came.take()
    }
}

/// Milliseconds of each frame for work, which has no thread of its own: the rest is for drawing and for the browser.
const PAUSE: f64 = 20.0;

/// How long a frame may go on with work.
pub fn pause() -> impl Fn() -> bool {
    let end = js_sys::Date::now() + PAUSE;
    move || js_sys::Date::now() < end
}

/// An input of the library: there is nothing else here that has a name.
///
/// # Errors
/// Words for the user.
pub fn read(name: &str) -> Result<Input, Vec<String>> {
    Input::library(name).ok_or_else(|| vec![tr!("open-web")])
}

/// A page has no folders.
pub fn lesson(_name: &str) -> Option<Result<scenarios::lessons::Folder, Vec<scenarios::Diagnostic>>> {
    None
}

/// Hands bytes to the browser as a download.
///
/// # Errors
/// Words for the user.
pub fn write(name: &str, bytes: &[u8]) -> Result<(), String> {
    let failed = |error: JsValue| format!("{name}: {error:?}");
    let document = web_sys::window().and_then(|window| window.document());
    let document = document.ok_or_else(|| format!("{name}: no page"))?;
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type("application/octet-stream");
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &kind).map_err(failed)?;
    let address = web_sys::Url::create_object_url_with_blob(&blob).map_err(failed)?;
    let link = document.create_element("a").map_err(failed)?;
    let link: web_sys::HtmlAnchorElement = link.dyn_into().map_err(|_| format!("{name}: no link"))?;
    link.set_href(&address);
    link.set_download(name.rsplit(['/', '\\']).next().unwrap_or(name));
    link.click();
    web_sys::Url::revoke_object_url(&address).map_err(failed)
}

fn parameters() -> Option<web_sys::UrlSearchParams> {
    let query = web_sys::window()?.location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&query).ok()
}

/// What the address asks for, `?lesson=convoy` or such as `?input=textbook/convoy&policy=srtf&at=12ms&show=live&look=dark&language=de`.
fn asked() -> Start {
    let mut start = Start::default();
    let Some(parameters) = parameters() else { return start };
    let all = |name: &str| -> Vec<String> {
        parameters.get_all(name).iter().filter_map(|value| value.as_string()).collect()
    };
    start.input = all("input").pop();
    start.policy = all("policy");
    start.race = all("race");
    start.replications = all("replications").pop();
    start.at = all("at").pop();
    start.show = all("show");
    start.look = all("look").pop();
    start.lesson = all("lesson").pop();
    start.language = all("language").pop();
    start.predict = all("predict").pop();
    start
}

/// Draws in the page's canvas from now on.
pub fn start() {
    spawn_local(async {
        let document = web_sys::window().and_then(|window| window.document());
        let element = document.as_ref().and_then(|document| document.get_element_by_id(CANVAS));
        let Some(Ok(canvas)) = element.map(JsCast::dyn_into::<web_sys::HtmlCanvasElement>) else { return };
        let create: eframe::AppCreator<'_> = Box::new(|creation| {
            let mut wrong = None;
            let mut window = Window::new(creation, |app| wrong = asked().prepare(app).err());
            // A link with a mistake in it still opens the window, which says so.
            window.tell(wrong);
            if parameters().is_some_and(|parameters| parameters.has("accessible")) {
                creation.egui_ctx.add_plugin(names::Names::default());
            }
            Ok(Box::new(window))
        });
        let started = eframe::WebRunner::new().start(canvas, eframe::WebOptions::default(), create).await;
        let shown = document.and_then(|document| document.get_element_by_id("loading"));
        if let Some(shown) = shown {
            match started {
                Ok(()) => shown.remove(),
                Err(error) => {
                    shown.set_text_content(Some(&format!("DispatchLab could not start: {error:?}")));
                }
            }
        }
    });
}
