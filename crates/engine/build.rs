//! Compiles the gates' fallbacks to bytecode.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=src/gates/guest.ts");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let source = Path::new("src/gates/guest.ts").to_path_buf();
    hostbox_guest_build::compile(&[("guest:gates".into(), source)], &out);
}
