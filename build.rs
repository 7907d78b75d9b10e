//! Flags for the linker that make the program smaller. Relative relocations in their packed form: half a megabyte of
//! the program are addresses that the loader adds one number to; packed, they are a few kilobytes, and an older linker
//! ignores the flag with a warning. And one copy of functions that came out the same, where Rust brings the linker that
//! knows how.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // musl's loader learnt it later, and the static program has no loader to ask.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        if target("ARCH") == "x86_64" {
            println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
        }
    }
}
