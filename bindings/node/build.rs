//! How the library that Node loads is linked: as some systems need it, and so that it is never unloaded, because the
//! threads of engines would go on in memory that is gone when the last thread of Node that loaded it has ended.

fn main() {
    napi_build::setup();
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
