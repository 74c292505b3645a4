//! `dispatchlab-gui`: the window, a picture of it, or the page.

#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {
    dispatchlab_gui::platform::web::start();
}
