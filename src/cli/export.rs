//! `mikrelay export`.

use std::io::Write;

use anyhow::Result;

use crate::site;
use crate::store::Store;

pub fn run(store: &Store, out: &mut dyn Write) -> Result<()> {
    out.write_all(site::export(&store.directory()).as_bytes())?;
    Ok(())
}
