//! Tests of the writer, the readers and the opening of databases. The records have theirs in `tests/it`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::*;

struct Fixture {
    folder: tempfile::TempDir,
    key: MasterKey,
    store: Store,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::generate();
        let store = open(folder.path(), &key).unwrap();
        Self { folder, key, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(DATABASE_FILE)
    }
}

fn open(folder: &Path, key: &MasterKey) -> Result<Store, StoreError> {
    Store::open(&folder.join(DATABASE_FILE), key.clone(), Clock::System)
}

fn note(db: &Db<'_>, name: &str) -> Result<(), StoreError> {
    db.run("INSERT INTO meta (name, value) VALUES (?1, 1)", [name])?;
    Ok(())
}

fn noted(store: &Store, name: &'static str) -> bool {
    store
        .read_now(|db| db.optional::<i64>("SELECT 1 FROM meta WHERE name = ?1", [name]))
        .unwrap()
        .is_some()
}

/// Holds the writer thread inside a closure until the returned sender is used or dropped.
fn hold(store: &Store) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    let closure = move |_: &Db<'_>| {
        entered.send(()).unwrap();
        // A dropped sender releases as well.
        let _ = released.recv();
        Ok(())
    };
    store.0.writer.submit(Once::new(closure), drop).unwrap();
    inside.recv().unwrap();
    release
}

fn disk_fault() -> rusqlite::Error {
    let code = rusqlite::ffi::SQLITE_IOERR_FSYNC;
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
}

#[test]
fn sqlite_is_new_enough() {
    // 3.51.3 mends a rare loss of data when two connections checkpoint one log.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn pragmas_are_those_of_the_design() {
    let fixture = Fixture::new();
    let asked = |name: &'static str| {
        let ask = move |db: &Db<'_>| {
            Ok(db
                .connection()
                .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, String>(0)))
        };
        fixture.store.write_now(ask).unwrap().or_else(|_| {
            let ask = move |db: &Db<'_>| db.value::<i64>(&format!("PRAGMA {name}"), []);
            fixture.store.write_now(ask).map(|number| number.to_string())
        })
    };
    for (name, wanted) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("wal_autocheckpoint", "0"),
    ] {
        assert_eq!(asked(name).unwrap(), wanted, "{name}");
    }
}

#[tokio::test]
async fn closures_queued_together_share_one_commit() {
    let fixture = Fixture::new();
    let commits = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let counted = Arc::clone(&commits);
    // The log's change counter moves once per transaction that wrote.
    let version = |connection: &Connection| {
        connection
            .query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let beside = Connection::open(fixture.path()).unwrap();
    let release = hold(&fixture.store);
    let (answers, answered) = mpsc::channel();
    for number in 0..100 {
        let answers = answers.clone();
        let counted = Arc::clone(&counted);
        let write = move |db: &Db<'_>| {
            counted.fetch_add(1, Ordering::SeqCst);
            note(db, &format!("n{number}"))
        };
        fixture
            .store
            .0
            .writer
            .submit(Once::new(write), move |result| drop(answers.send(result)))
            .unwrap();
    }
    let before = version(&beside);
    assert!(answered.try_recv().is_err(), "nothing is answered before the commit");
    drop(release);
    // The held closure is a group of its own; the hundred follow in one.
    answered.recv().unwrap().unwrap();
    assert_eq!(
        commits.load(Ordering::SeqCst),
        100,
        "all ran before the first was answered"
    );
    assert!(version(&beside) > before);
    for _ in 1..100 {
        answered.recv().unwrap().unwrap();
    }
    assert!(noted(&fixture.store, "n99"));
}

#[tokio::test]
async fn a_failing_closure_takes_back_its_own_changes_only() {
    let fixture = Fixture::new();
    let release = hold(&fixture.store);
    let good = fixture.store.write(|db| note(db, "good"));
    let bad = fixture.store.write(|db| {
        note(db, "bad")?;
        Err::<(), _>(StoreError::NotFound {
            what: "order",
            id: "X".to_owned(),
        })
    });
    let panics = fixture.store.write(|db| {
        note(db, "panic")?;
        panic!("in a test")
    });
    let last = fixture.store.write(|db| note(db, "last"));
    let all = async { tokio::join!(good, bad, panics, last) };
    let freed = async { drop(release) };
    let ((good, bad, panics, last), ()): (_, ()) = tokio::join!(all, freed);
    let panics: Result<(), StoreError> = panics;
    good.unwrap();
    last.unwrap();
    assert!(matches!(bad, Err(StoreError::NotFound { .. })));
    assert!(matches!(panics, Err(StoreError::Panicked)));
    assert!(noted(&fixture.store, "good") && noted(&fixture.store, "last"));
    assert!(!noted(&fixture.store, "bad") && !noted(&fixture.store, "panic"));
    assert!(fixture.store.healthy());
}

#[tokio::test]
async fn a_failing_repeatable_closure_takes_back_its_own_changes_only() {
    let fixture = Fixture::new();
    let runs = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let counted = Arc::clone(&runs);
    let release = hold(&fixture.store);
    let once = fixture.store.write(|db| note(db, "once"));
    let good = fixture.store.write_repeatable(move |db| {
        counted.fetch_add(1, Ordering::SeqCst);
        note(db, "good")
    });
    let bad = fixture.store.write_repeatable(|db| {
        note(db, "bad")?;
        Err::<(), _>(StoreError::NotFound {
            what: "order",
            id: "X".to_owned(),
        })
    });
    let panics = fixture.store.write_repeatable(|db| {
        note(db, "panic")?;
        panic!("in a test")
    });
    let last = fixture.store.write_repeatable(|db| note(db, "last"));
    let all = async { tokio::join!(once, good, bad, panics, last) };
    let freed = async { drop(release) };
    let ((once, good, bad, panics, last), ()): (_, ()) = tokio::join!(all, freed);
    let panics: Result<(), StoreError> = panics;
    once.unwrap();
    good.unwrap();
    last.unwrap();
    assert!(matches!(bad, Err(StoreError::NotFound { .. })));
    assert!(matches!(panics, Err(StoreError::Panicked)));
    assert_eq!(runs.load(Ordering::SeqCst), 2, "what was taken back is run again");
    for name in ["once", "good", "last"] {
        assert!(noted(&fixture.store, name), "{name}");
    }
    assert!(!noted(&fixture.store, "bad") && !noted(&fixture.store, "panic"));
    assert!(fixture.store.healthy());
}

#[tokio::test]
async fn a_failed_commit_is_everyones_answer() {
    let fixture = Fixture::new();
    let release = hold(&fixture.store);
    let innocent = fixture.store.write(|db| note(db, "innocent"));
    // The foreign key is looked at only when the transaction ends.
    let guilty = fixture.store.write(|db| {
        db.run("PRAGMA defer_foreign_keys = ON", [])?;
        db.run(
            "INSERT INTO router (id, company, address, tls, access_uuid) VALUES ('r', 'nobody', '', 'off', '')",
            [],
        )
    });
    let freed = async { drop(release) };
    let (innocent, guilty, ()) = tokio::join!(innocent, guilty, freed);
    assert!(matches!(innocent, Err(StoreError::Related { .. })), "{innocent:?}");
    assert!(matches!(guilty, Err(StoreError::Related { .. })), "{guilty:?}");
    assert!(!noted(&fixture.store, "innocent"));
    fixture.store.write(|db| note(db, "after")).await.unwrap();
    assert!(fixture.store.healthy());
}

#[tokio::test]
async fn s2_after_a_disk_fault_nothing_is_accepted() {
    let fixture = Fixture::new();
    let release = hold(&fixture.store);
    let neighbour = fixture.store.write(|db| note(db, "neighbour"));
    let faulty = fixture.store.write(|_| Err::<(), _>(disk_fault().into()));
    let later = fixture.store.write(|db| note(db, "later"));
    let freed = async { drop(release) };
    let (neighbour, faulty, later, ()) = tokio::join!(neighbour, faulty, later, freed);
    for answer in [
        neighbour,
        faulty,
        later,
        fixture.store.write(|db| note(db, "after")).await,
    ] {
        assert!(matches!(answer, Err(StoreError::Broken)), "{answer:?}");
    }
    assert!(!fixture.store.healthy());
    assert!(
        !noted(&fixture.store, "neighbour"),
        "reading goes on, and what was refused is not there"
    );
    fixture.store.close().await;
    let reopened = open(fixture.folder.path(), &fixture.key).unwrap();
    reopened.write_now(|db| note(db, "restarted")).unwrap();
    assert!(reopened.healthy());
}

#[tokio::test]
async fn s2_a_disk_fault_is_not_tried_again() {
    let fixture = Fixture::new();
    let first = std::sync::atomic::AtomicBool::new(true);
    let release = hold(&fixture.store);
    let neighbour = fixture.store.write_repeatable(|db| note(db, "neighbour"));
    let faulty = fixture.store.write_repeatable(move |db| {
        if first.swap(false, Ordering::SeqCst) {
            return Err(disk_fault().into());
        }
        note(db, "again")
    });
    let freed = async { drop(release) };
    let (neighbour, faulty, ()) = tokio::join!(neighbour, faulty, freed);
    for answer in [neighbour, faulty] {
        assert!(matches!(answer, Err(StoreError::Broken)), "{answer:?}");
    }
    assert!(!fixture.store.healthy());
    assert!(!noted(&fixture.store, "neighbour") && !noted(&fixture.store, "again"));
}

#[tokio::test]
async fn s1_a_full_disk_is_refused_and_recovers_by_itself() {
    let fixture = Fixture::new();
    let limit = |pages: i64| move |db: &Db<'_>| db.value::<i64>(&format!("PRAGMA max_page_count = {pages}"), []);
    fixture.store.write(limit(1)).await.unwrap();
    let fill = || {
        fixture
            .store
            .write(|db| db.run("INSERT INTO meta (name, value) VALUES ('big', zeroblob(400000))", []))
    };
    let refused = fill().await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    assert!(fixture.store.healthy() && !fixture.store.has_room());
    fixture.store.write(|_| Ok(())).await.unwrap();
    assert!(!fixture.store.has_room(), "a commit of nothing needs no room");
    assert!(StoreError::Full.is_temporary());
    fixture.store.write(limit(1_000_000)).await.unwrap();
    assert_eq!(fill().await.unwrap(), 1);
    assert!(noted(&fixture.store, "big") && fixture.store.has_room());
}

#[tokio::test]
async fn h5_a_full_queue_answers_busy_at_once() {
    let fixture = Fixture::new();
    let release = hold(&fixture.store);
    for _ in 0..writer::QUEUE_LENGTH {
        let nothing = |_: &Db<'_>| Ok(());
        fixture.store.0.writer.submit(Once::new(nothing), drop).unwrap();
    }
    let started = Instant::now();
    let refused = fixture.store.write(|_| Ok(())).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(1));
    drop(release);
    // Everything that was queued is worked off: the writer takes new work again.
    while let Err(error) = fixture.store.write(|db| note(db, "after")).await {
        assert!(matches!(error, StoreError::Busy), "{error:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn s3_a_database_locked_by_another_process_is_waited_for_and_then_busy() {
    let fixture = Fixture::new();
    let other = Connection::open(fixture.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let refused = fixture.store.write(|db| note(db, "while locked")).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    assert!(started.elapsed() >= writer::PATIENCE);
    assert!(started.elapsed() < writer::PATIENCE * 2);
    assert!(!noted(&fixture.store, "while locked"), "readers are not held up");

    let waiting = fixture.store.write(|db| note(db, "short lock"));
    let freed = async { other.execute_batch("COMMIT").unwrap() };
    let (waited, ()) = tokio::join!(waiting, freed);
    waited.unwrap();
    assert!(fixture.store.healthy());
}

#[tokio::test]
async fn k1_what_was_acknowledged_is_there_after_reopening() {
    let fixture = Fixture::new();
    for number in 0..50 {
        fixture
            .store
            .write(move |db| note(db, &format!("n{number}")))
            .await
            .unwrap();
    }
    // What a kill leaves: the files as they are, without a checkpoint or a closed connection.
    let copy = tempfile::tempdir().unwrap();
    for name in [DATABASE_FILE.to_owned(), format!("{DATABASE_FILE}-wal")] {
        fs::copy(fixture.folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let (folder, key) = (fixture.folder, fixture.key);
    drop(fixture.store);
    for folder in [folder.path(), copy.path()] {
        let reopened = open(folder, &key).unwrap();
        let count = reopened.read_now(|db| db.value::<i64>("SELECT count(*) FROM meta WHERE name LIKE 'n%'", []));
        assert_eq!(count.unwrap(), 50);
    }
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_refuses_what_comes_later() {
    let fixture = Fixture::new();
    let release = hold(&fixture.store);
    let queued = fixture.store.write(|db| note(db, "queued"));
    let closing = async {
        drop(release);
        fixture.store.close().await;
    };
    let (queued, ()) = tokio::join!(queued, closing);
    queued.unwrap();
    assert!(noted(&fixture.store, "queued"));
    assert!(matches!(fixture.store.write(|_| Ok(())).await, Err(StoreError::Closed)));
    assert!(!fixture.store.healthy());
    assert_eq!(
        fs::metadata(open::log_path(&fixture.path())).unwrap().len(),
        0,
        "the log was moved into the database"
    );
    fixture.store.close().await;
}

#[tokio::test]
async fn s9_the_log_stays_short_under_writing() {
    let fixture = Fixture::new();
    let log = open::log_path(&fixture.path());
    for _ in 0..200 {
        let write = |db: &Db<'_>| {
            db.run(
                "INSERT INTO meta (name, value) VALUES ('big', zeroblob(1000000)) \
                    ON CONFLICT DO UPDATE SET value = excluded.value",
                [],
            )
        };
        fixture.store.write(write).await.unwrap();
        assert!(fs::metadata(&log).unwrap().len() < 64 * 1024 * 1024);
    }
    let length = fs::metadata(&log).unwrap().len();
    assert!(length < 16 * 1024 * 1024, "{length}");
}

#[tokio::test]
async fn s9_a_query_that_takes_too_long_is_stopped() {
    let fixture = Fixture::new();
    let started = Instant::now();
    let endless = |db: &Db<'_>| {
        db.value::<i64>(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            [],
        )
    };
    let stopped = fixture.store.read(endless).await;
    assert!(matches!(stopped, Err(StoreError::TooSlow { .. })), "{stopped:?}");
    assert!(started.elapsed() < Duration::from_secs(6));
    fixture.store.read(|db| db.poke_count()).await.unwrap();
}

#[tokio::test]
async fn a_reader_that_panics_gives_its_connection_back() {
    let fixture = Fixture::new();
    for _ in 0..10 {
        let result: Result<(), _> = fixture.store.read(|_| panic!("in a test")).await;
        assert!(matches!(result, Err(StoreError::Panicked)));
    }
    fixture.store.read(|db| db.poke_count()).await.unwrap();
}

#[test]
fn readers_cannot_write() {
    let fixture = Fixture::new();
    assert!(fixture.store.read_now(|db| note(db, "x")).is_err());
    assert!(!noted(&fixture.store, "x"));
}

#[tokio::test]
async fn writes_of_the_command_line_wake_a_serving_relay() {
    let fixture = Fixture::new();
    assert!(!fixture.store.poked().await.unwrap());
    let beside = open(fixture.folder.path(), &fixture.key).unwrap();
    beside.write_now(|db| note(db, "x")).unwrap();
    assert!(fixture.store.poked().await.unwrap());
    assert!(!fixture.store.poked().await.unwrap(), "told once");
    fixture.store.write(|db| note(db, "y")).await.unwrap();
    assert!(!fixture.store.poked().await.unwrap(), "its own writes do not wake it");
}

#[tokio::test]
async fn the_directory_is_read_again_when_another_process_changed_it() {
    let fixture = Fixture::new();
    assert!(!fixture.store.refresh_directory().await.unwrap());
    let beside = open(fixture.folder.path(), &fixture.key).unwrap();
    let company = crate::company::Company {
        id: crate::ids::CompanyId::new("awa"),
        name: "Awa".to_owned(),
        country: "BJ".to_owned(),
        language: crate::company::Language::Fr,
        timezone: "Africa/Porto-Novo".to_owned(),
        notify_email: None,
        card: crate::company::CompanyCard::default(),
    };
    let id = company.id.clone();
    let put = move |db: &Db<'_>| {
        db.put_company(&company)?;
        db.bump_directory_version()
    };
    beside.write_now(put).unwrap();
    assert!(fixture.store.directory().companies.is_empty());
    assert!(fixture.store.refresh_directory().await.unwrap());
    assert_eq!(fixture.store.directory().companies[&id].name, "Awa");
    assert!(!fixture.store.refresh_directory().await.unwrap());
}

#[test]
fn c3_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open_folder(&data, &data.join("master.key"), Clock::System).unwrap();
    store.write_now(|db| note(db, "x")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        ["master.key", "mikrelay.db", "mikrelay.db-shm", "mikrelay.db-wal"]
    );
}

#[test]
fn another_master_key_is_refused() {
    let fixture = Fixture::new();
    let error = open(fixture.folder.path(), &MasterKey::generate()).unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("restore the `master.key`"));
}

#[test]
fn a_lost_key_is_not_replaced_beside_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("master.key");
    drop(Store::open_folder(folder.path(), &key_file, Clock::System).unwrap());
    fs::remove_file(&key_file).unwrap();
    let error = Store::open_folder(folder.path(), &key_file, Clock::System).unwrap_err();
    assert!(
        error.to_string() == "a stored secret cannot be read" || error.to_string().contains("missing"),
        "{error}"
    );
    assert!(!key_file.exists());
}

#[test]
fn s4_damaged_files_are_refused_and_kept() {
    let whole = {
        let fixture = Fixture::new();
        let path = fixture.path();
        let Fixture { folder, store, .. } = fixture;
        drop(store);
        let bytes = fs::read(&path).unwrap();
        drop(folder);
        bytes
    };
    let mut torn = whole.clone();
    torn[4096..].iter_mut().for_each(|byte| *byte = 0xa5);
    let cut = whole[..whole.len() / 2].to_vec();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("text", b"hello, I am no database".to_vec()),
        ("torn", torn),
        ("cut", cut),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DATABASE_FILE);
        fs::write(&path, &bytes).unwrap();
        let error = open(folder.path(), &MasterKey::generate()).unwrap_err();
        let named = matches!(
            error,
            StoreError::Empty { .. } | StoreError::NotOurs { .. } | StoreError::Damaged { .. }
        );
        assert!(named, "{name}: {error:?}");
        assert!(error.to_string().contains("restore a backup"), "{name}: {error}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name} was changed");
    }
}

#[test]
fn s4_a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(DATABASE_FILE);
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let error = open(folder.path(), &MasterKey::generate()).unwrap_err();
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error:?}");
}

#[test]
fn s4_a_log_without_its_database_is_not_buried() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(format!("{DATABASE_FILE}-wal")), "writes").unwrap();
    let error = open(folder.path(), &MasterKey::generate()).unwrap_err();
    assert!(matches!(error, StoreError::Orphan { .. }), "{error:?}");
    assert!(!folder.path().join(DATABASE_FILE).exists());
}

#[test]
fn s5_a_folder_that_cannot_be_written_is_named() {
    // Not even the administrator can make files here.
    let error = open(Path::new("/proc"), &MasterKey::generate()).unwrap_err();
    assert!(
        matches!(error, StoreError::Folder { .. } | StoreError::ReadOnly { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("/proc/mikrelay.db"), "{error}");
}

#[test]
fn k8_a_newer_schema_is_refused_and_unchanged() {
    let fixture = Fixture::new();
    let (path, key) = (fixture.path(), fixture.key.clone());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 999)
        .unwrap();
    let error = Store::open(&path, key, Clock::System).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 999, .. }), "{error:?}");
    assert!(error.to_string().contains("newer mikrelay"), "{error}");
}

#[test]
fn two_processes_may_make_the_database_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = MasterKey::generate();
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| open(folder.path(), &key))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, store) in opened.into_iter().enumerate() {
        store
            .unwrap()
            .write_now(move |db| note(db, &format!("n{number}")))
            .unwrap();
    }
}
