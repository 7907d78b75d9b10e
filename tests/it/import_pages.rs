//! Every portal page of `tests/portals` through the import: what was understood, what is doubted, and that nothing
//! but the buttons' targets is touched.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mikrelay::cli::import::show;
use mikrelay::clock::Clock;
use mikrelay::company::Directory;
use mikrelay::import::{self, Edit, Understood, Wish};
use mikrelay::secrets::MasterKey;
use mikrelay::site::{self, SiteError};
use mikrelay::store::Store;
use proptest::prelude::*;

fn pages() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/portals");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "html"));
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), fs::read(file).unwrap())).collect()
}

fn wish() -> Wish {
    Wish {
        relay_url: "https://pay.example.net".to_owned(),
        ..Wish::default()
    }
}

fn understand(page: &[u8], directory: &Directory) -> Understood {
    let read = import::read_page(page).unwrap();
    import::understand(page, &read, directory, &wish()).unwrap()
}

/// The lines that differ. Both pages have the same number of them, or a broken address was joined.
fn difference(old: &[u8], new: &[u8]) -> String {
    let lines = |page: &[u8]| -> Vec<String> {
        page.split(|byte| *byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
            .collect()
    };
    let (old, new) = (lines(old), lines(new));
    let same = |pair: &(&String, &String)| pair.0 == pair.1;
    let before = old.iter().zip(&new).take_while(same).count();
    let after = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let after = after.min(old.len().min(new.len()) - before);
    let mut text = String::new();
    let (old, new) = (&old[before..old.len() - after], &new[before..new.len() - after]);
    if old.len() == new.len() {
        for (old, new) in old.iter().zip(new).filter(|pair| !same(pair)) {
            writeln!(text, "- {old}\n+ {new}").unwrap();
        }
    } else {
        old.iter().for_each(|line| writeln!(text, "- {line}").unwrap());
        new.iter().for_each(|line| writeln!(text, "+ {line}").unwrap());
    }
    text
}

/// What the edits leave of a page, piece by piece.
fn untouched<'p>(page: &'p [u8], edits: &[Edit]) -> Vec<&'p [u8]> {
    let mut places: Vec<_> = edits.iter().map(|edit| edit.place.clone()).collect();
    places.sort_by_key(|place| place.start);
    let mut at = 0;
    let mut kept = Vec::new();
    for place in places {
        kept.push(&page[at..place.start]);
        at = place.end;
    }
    kept.push(&page[at..]);
    kept
}

#[test]
fn every_page_is_understood() {
    for (name, page) in pages() {
        let understood = understand(&page, &Directory::default());
        let mut out = Vec::new();
        show(&understood, &mut out).unwrap();
        let mut text = String::from_utf8(out).unwrap();
        let new = import::rewritten(&page, &understood.edits);
        writeln!(text, "{}", difference(&page, &new)).unwrap();
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn every_other_byte_is_as_it_was() {
    let mut changed = 0;
    for (name, page) in pages() {
        let understood = understand(&page, &Directory::default());
        let new = import::rewritten(&page, &understood.edits);
        let mut rest = new.as_slice();
        let mut texts = {
            let mut edits = understood.edits.clone();
            edits.sort_by_key(|edit| edit.place.start);
            edits.into_iter().map(|edit| edit.text)
        };
        for kept in untouched(&page, &understood.edits) {
            rest = rest
                .strip_prefix(kept)
                .unwrap_or_else(|| panic!("{name}: a byte changed"));
            if let Some(text) = texts.next() {
                assert!(text.is_ascii(), "{name}: {text}");
                rest = rest
                    .strip_prefix(text.as_bytes())
                    .unwrap_or_else(|| panic!("{name}: {text}"));
                changed += 1;
            }
        }
        assert!(rest.is_empty(), "{name}");
        // What is replaced is an address or a field of a form, never a part of the page around it.
        for edit in &understood.edits {
            let old = String::from_utf8_lossy(&page[edit.place.clone()]).into_owned();
            assert!(!old.contains(['<', '>']), "{name}: {old}");
        }
        assert_eq!(import::rewritten(&page, &[]), page, "{name}");
    }
    assert!(changed > 30, "{changed} changes");
}

#[test]
fn what_is_taken_over_is_the_business_file_applied_once() {
    for (name, page) in pages() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("m.db"), MasterKey::generate(), Clock::System).unwrap();
        let directory = || store.read_now(|db| db.load_directory()).unwrap();
        let first = understand(&page, &directory());
        let site = first.draft.site().unwrap();
        let apply = |site| {
            let written = store.write_now(move |db| match site::apply(&site, db, false) {
                Err(SiteError::Store(error)) => Err(error),
                result => Ok(result),
            });
            written.unwrap().unwrap()
        };
        let summary = apply(site);
        assert!(
            summary.updated.is_empty() && summary.removed.is_empty(),
            "{name}: {summary:?}"
        );
        let stored = site::export(&directory());
        let second = understand(&page, &directory());
        assert!(!second.draft.is_changed(), "{name}: a second import changes nothing");
        assert_eq!(
            second.edits, first.edits,
            "{name}: and its buttons lead to the same plans"
        );
        apply(second.draft.site().unwrap());
        assert_eq!(site::export(&directory()), stored, "{name}");
    }
}

#[test]
fn a_stored_price_stays() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/site.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("m.db"), MasterKey::generate(), Clock::System).unwrap();
    let site = site::read(&text.replace("_live_x", "_live_7f3a"), Path::new(".")).unwrap();
    let applied = store.write_now(move |db| Ok(site::apply(&site, db, false).map_err(|error| error.to_string())));
    applied.unwrap().unwrap();
    let directory = store.read_now(|db| db.load_directory()).unwrap();
    let page = b"<a href='https://old.example/buy-mikhmon?nasid=hotspot1&amount=150&currency=XOF&profile_name=4H\
                 &timelimit=4h&datalimit=0M&pub_key=pk_live_7f3a'>x</a>";
    let understood = understand(page, &directory);
    assert!(!understood.draft.is_changed());
    assert_eq!(
        understood.doubts[0].to_string(),
        "line 1: plan `4h` costs 100 XOF here, and the page says 150 XOF: the relay's price stays. If the page is right, \
         correct `price` of the plan"
    );
    assert_eq!(
        understood.edits[0].text,
        "https://pay.example.net/b/4h?mac=$(mac)&ip=$(ip)&dst=$(link-status-esc)"
    );
}

#[test]
fn what_is_no_page_is_refused() {
    for (bytes, said) in [
        (vec![b' '; import::PAGE_MAX_BYTES + 1], "larger than"),
        (b"\xff\xfe<\0a\0".to_vec(), "save it as UTF-8"),
        (b"PK\x03\x04\0\0".to_vec(), "save it as UTF-8"),
    ] {
        let error = import::read_page(&bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

proptest! {
    /// Pieces of pages in any order and of any bytes: it is read, and no edit reaches outside or overlaps.
    #[test]
    fn any_bytes_are_read(parts in prop::collection::vec(prop_oneof![
        prop::sample::select(vec![
            "<a href=\"", "<A HREF=", "'>", "\">", "</a>", "<!--", "-->", "<script>", "</script>", "<form action='", "</form>",
            "<input name=nasid value=h>", "<input name=amount value=1>", "<input name=profile_name value=", "onclick=\"location='",
            "https://o.example/buy-mikhmon", "/buy-mikhmon-feexpay?", "nasid=h&amount=100&profile_name=1H", "&amp;timelimit=1h",
            "&datalimit=0M", "$(mac)", "%24%28mac%29", "\r\n   ", "' + '", "' + x", "//", "/*", "`", "\\", "&#39;", "token=t&siteid=s",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(1u8..=255, 0..6),
    ], 0..24)) {
        let page = parts.concat();
        let read = import::read_page(&page);
        if let Ok(read) = read {
            let understood = import::understand(&page, &read, &Directory::default(), &wish()).unwrap();
            let mut places: Vec<_> = understood.edits.iter().map(|edit| edit.place.clone()).collect();
            places.sort_by_key(|place| place.start);
            let mut end = 0;
            for place in &places {
                prop_assert!(place.start >= end && place.start <= place.end && place.end <= page.len());
                end = place.end;
            }
            let texts: usize = understood.edits.iter().map(|edit| edit.text.len()).sum();
            let gone: usize = places.iter().map(ExactSizeIterator::len).sum();
            prop_assert_eq!(import::rewritten(&page, &understood.edits).len(), page.len() + texts - gone);
            prop_assert!(understood.draft.site().is_ok());
        }
        prop_assert_eq!(import::rewritten(&page, &[]), page);
    }
}
