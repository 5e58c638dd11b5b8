//! The flags with which a library that Node loads is linked, which some systems need.

fn main() {
    napi_build::setup();
}
