//! One flag for the linker: relative relocations in their packed form. Half a megabyte of the program are addresses
//! that the loader adds one number to; packed, they are a few kilobytes. An older linker ignores it with a warning.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // musl's loader learnt it later, and the static program has no loader to ask.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
