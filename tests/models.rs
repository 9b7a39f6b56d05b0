//! Fetching from real servers on real sockets that cut, lie and refuse, and from a real wheel by pip.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use futures::StreamExt;
use hark::models::{
    Catalogue, EMBEDDED_SPEECH, Entry, FetchError, FetchProgress, FetchStage, Fetcher, Kind, Library, Source,
    SourceError, fetch,
};
use sha2::{Digest, Sha256};

const SIZE: usize = 300_000;

/// A file that compresses badly and repeats nowhere.
fn content() -> Vec<u8> {
    let mut state = 7_u64;
    (0..SIZE)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        })
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn entry(sources: Vec<Source>) -> Entry {
    Entry {
        name: "thing".into(),
        kind: Kind::Language,
        embedded: false,
        recommended: false,
        file: "thing.bin".into(),
        size: SIZE as u64,
        sha256: sha256(&content()),
        licence: "MIT".into(),
        note: "a thing".into(),
        sources,
        language: None,
        decoding: None,
    }
}

/// How a server misbehaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    /// Announces everything, sends at most so many bytes, and hangs up.
    CutsAfter(usize),
    /// The same, and answers ranges with the whole file.
    CutsOnceAndKnowsNoRanges(usize),
    /// Right size, other bytes.
    Lies,
    /// A page that says sorry, with success.
    Apologises,
    /// Says no size and never stops.
    NeverEnds,
    Missing,
    /// Answers a range with another one.
    WrongRange,
}

struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Option<String>>>>,
}

impl Server {
    fn source(&self) -> Source {
        Source::Url { url: self.address.clone() }
    }

    /// The `Range` headers that came.
    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().clone()
    }
}

async fn server(manner: Manner) -> Server {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    let turn = Arc::new(AtomicUsize::new(0));
    let route = get(move |headers: HeaderMap| async move {
        let range = headers.get("range").map(|range| range.to_str().unwrap().to_owned());
        heard.lock().unwrap().push(range.clone());
        answer(manner, range, turn.fetch_add(1, Ordering::Relaxed))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/thing.bin", listener.local_addr().unwrap());
    // The test's runtime ends it.
    drop(tokio::task::spawn(async move {
        axum::serve(listener, Router::new().route("/thing.bin", route)).await.unwrap();
    }));
    Server { address, asked }
}

fn answer(manner: Manner, range: Option<String>, turn: usize) -> Response<Body> {
    let content = content();
    let start: usize = range
        .as_deref()
        .map_or(0, |range| range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap());
    let partial = || {
        let range = format!("bytes {start}-{}/{SIZE}", SIZE - 1);
        Response::builder().status(StatusCode::PARTIAL_CONTENT).header("content-range", range)
    };
    match manner {
        Manner::Honest if range.is_some() => partial().body(content[start..].to_vec().into()).unwrap(),
        Manner::Honest => Response::new(content.into()),
        Manner::CutsAfter(bytes) => {
            let end = (start + bytes).min(SIZE);
            let head = if range.is_some() { partial() } else { Response::builder() };
            head.header("content-length", SIZE - start).body(cut_off(content[start..end].to_vec())).unwrap()
        }
        Manner::CutsOnceAndKnowsNoRanges(bytes) if turn == 0 => Response::builder()
            .header("content-length", SIZE)
            .body(cut_off(content[..bytes].to_vec()))
            .unwrap(),
        Manner::CutsOnceAndKnowsNoRanges(_) => Response::new(content.into()),
        Manner::Lies => Response::new(content.iter().map(|byte| byte ^ 1).collect::<Vec<_>>().into()),
        Manner::Apologises => Response::new("<html>please log in</html>".into()),
        Manner::NeverEnds => {
            let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 65_536]));
            Response::new(Body::from_stream(chunks))
        }
        Manner::Missing => Response::builder().status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap(),
        Manner::WrongRange if range.is_some() => Response::builder()
            .status(StatusCode::PARTIAL_CONTENT)
            .header("content-range", format!("bytes 0-{}/{SIZE}", SIZE - 1))
            .body(content.into())
            .unwrap(),
        Manner::WrongRange => Response::new(content.into()),
    }
}

/// The bytes, and then an error, at which the server hangs up.
fn cut_off(bytes: Vec<u8>) -> Body {
    let end = async {
        // The server sends what it has when it finds nothing more to send for now.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("hung up"))
    };
    Body::from_stream(futures::stream::iter([Ok(bytes)]).chain(futures::stream::once(end)))
}

fn failures(error: FetchError) -> Vec<SourceError> {
    match error {
        FetchError::NoSource { failures, .. } => failures,
        FetchError::Embedded { .. } | FetchError::Disk { .. } => panic!("{error}"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

struct Place {
    folder: tempfile::TempDir,
    library: Library,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place { library: Library::new(folder.path().join("models")), folder }
}

#[test]
fn the_built_in_catalogue_is_whole() {
    let catalogue = Catalogue::built_in().unwrap();
    let embedded = catalogue.embedded().unwrap();
    assert_eq!(embedded.size, EMBEDDED_SPEECH.len() as u64);
    assert_eq!(embedded.sha256, sha256(EMBEDDED_SPEECH));
    assert!(embedded.note.contains("hark models fetch base.en-q8_0"));
    assert_eq!(catalogue.recommended(Kind::Speech).unwrap().name, "base.en-q8_0");
    assert_eq!(catalogue.recommended(Kind::Language).unwrap().name, "smollm2-135m-instruct");
    assert_eq!(catalogue.entries().len(), 14);
    assert!(catalogue.find("nothing").is_none());
    for entry in catalogue.entries() {
        let window = entry.decoding.as_ref().map(|decoding| decoding.window_floor_frames);
        let expected = match (entry.kind, entry.embedded) {
            (Kind::Language, _) => None,
            (Kind::Speech, true) => Some(32),
            (Kind::Speech, false) => Some(512),
        };
        assert_eq!(window, expected, "{}", entry.name);
        for source in &entry.sources {
            if let Source::Url { url } = source {
                assert!(url.starts_with("https://") && url.ends_with(&entry.file), "{url}");
            }
        }
    }
}

#[test]
fn a_catalogue_that_contradicts_itself_is_refused() {
    let good = "[decoding]\n[[model]]\nname = 'a'\nkind = 'language'\nfile = 'a.gguf'\nsize = 1\nlicence = 'MIT'\n\
                note = ''\nsources = [{ url = 'https://example.org/a.gguf' }]\n";
    let digest = format!("sha256 = '{}'\n", "0".repeat(64));
    Catalogue::parse(&format!("{good}{digest}")).unwrap();
    let cases = [
        (format!("{good}sha256 = '12'\n"), "64 lower-case"),
        (format!("{good}{digest}").replace("'a.gguf'\n", "'../a.gguf'\n"), "out of the library"),
        (format!("{good}{digest}embedded = true\n"), "either be embedded or have a source"),
        (format!("{good}{digest}decoding = 'stock'\n"), "no decoding settings"),
        (format!("{good}{digest}").replace("'language'", "'speech'"), "needs decoding settings"),
        (format!("{good}{digest}sice = 1\n"), "unknown field"),
    ];
    for (text, reason) in cases {
        let error = Catalogue::parse(&text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error} does not say {reason}");
    }
}

#[tokio::test]
async fn a_file_arrives_whole_and_is_not_fetched_twice() {
    let (place, server) = (place(), server(Manner::Honest).await);
    let entry = entry(vec![server.source()]);
    assert!(!place.library.is_present(&entry));
    let told = Mutex::new(Vec::<FetchProgress>::new());
    let path = fetch(&entry, &place.library, |progress| told.lock().unwrap().push(progress)).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content());
    let told = told.into_inner().unwrap();
    assert_eq!(told.first().unwrap().stage, FetchStage::Asking);
    let received: Vec<_> =
        told.iter().filter(|told| told.stage == FetchStage::Receiving).map(|told| told.done_bytes).collect();
    assert!(received.is_sorted() && received.last() == Some(&(SIZE as u64)), "{received:?}");
    assert_eq!(told.last().unwrap().stage, FetchStage::Done);
    fetch(&entry, &place.library, |_| {}).await.unwrap();
    assert_eq!(server.asked().len(), 1);
    assert_eq!(names(place.library.dir()), [".thing.bin.lock", "thing.bin"]);
}

#[tokio::test]
async fn a_cut_connection_is_taken_up_again() {
    let (place, server) = (place(), server(Manner::CutsAfter(100_000)).await);
    let path = fetch(&entry(vec![server.source()]), &place.library, |_| {}).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content());
    let asked = server.asked();
    assert_eq!(asked[0], None);
    assert!(asked.len() >= 3 && asked[1..].iter().all(Option::is_some), "{asked:?}");
}

#[tokio::test]
async fn a_later_fetch_goes_on_where_the_first_stopped() {
    let (place, server) = (place(), server(Manner::Honest).await);
    std::fs::create_dir_all(place.library.dir()).unwrap();
    std::fs::write(place.library.dir().join("thing.bin.part"), &content()[..123_456]).unwrap();
    let path = fetch(&entry(vec![server.source()]), &place.library, |_| {}).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content());
    assert_eq!(server.asked(), [Some("bytes=123456-".to_owned())]);
}

#[tokio::test]
async fn a_server_without_ranges_starts_afresh() {
    for manner in [Manner::CutsOnceAndKnowsNoRanges(50_000), Manner::WrongRange] {
        let (place, server) = (place(), server(manner).await);
        std::fs::create_dir_all(place.library.dir()).unwrap();
        std::fs::write(place.library.dir().join("thing.bin.part"), &content()[..1_000]).unwrap();
        let path = fetch(&entry(vec![server.source()]), &place.library, |_| {}).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content());
    }
}

#[tokio::test]
async fn what_an_earlier_try_left_damaged_does_not_stay() {
    let (place, server) = (place(), server(Manner::Honest).await);
    std::fs::create_dir_all(place.library.dir()).unwrap();
    let part = place.library.dir().join("thing.bin.part");
    let entry = entry(vec![server.source()]);
    // Too long: thrown away at once.
    std::fs::write(&part, vec![0; SIZE + 1]).unwrap();
    fetch(&entry, &place.library, |_| {}).await.unwrap();
    // Wrong bytes: found out by the checksum, and the next fetch starts from nothing.
    std::fs::remove_file(place.library.path_of(&entry)).unwrap();
    std::fs::write(&part, vec![0; 1_000]).unwrap();
    let error = fetch(&entry, &place.library, |_| {}).await.unwrap_err();
    assert!(matches!(failures(error)[..], [SourceError::WrongContent { .. }]));
    fetch(&entry, &place.library, |_| {}).await.unwrap();
}

#[tokio::test]
async fn no_wrong_file_gets_the_name() {
    let cases = [
        (Manner::Lies, "SHA-256"),
        (Manner::Apologises, "offers 26 bytes where the catalogue says 300000"),
        (Manner::NeverEnds, "where the catalogue says 300000"),
        (Manner::Missing, "HTTP status 404"),
        (Manner::CutsAfter(0), "stopped after 0 of 300000 bytes"),
    ];
    for (manner, reason) in cases {
        let (place, server) = (place(), server(manner).await);
        let entry = entry(vec![server.source()]);
        let error = fetch(&entry, &place.library, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains(&server.address), "{error} does not say {reason}");
        assert!(error.contains("hark models fetch thing"), "{error}");
        assert!(!place.library.path_of(&entry).exists());
    }
}

#[tokio::test]
async fn the_next_source_is_tried() {
    let (place, lies, honest) = (place(), server(Manner::Lies).await, server(Manner::Honest).await);
    // Port 9 of the loopback is closed.
    let closed = Source::Url { url: "http://127.0.0.1:9/thing.bin".into() };
    let both = entry(vec![closed.clone(), lies.source(), honest.source()]);
    let path = fetch(&both, &place.library, |_| {}).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content());
    std::fs::remove_file(path).unwrap();
    let none = fetch(&entry(vec![closed, lies.source()]), &place.library, |_| {}).await.unwrap_err();
    assert!(none.to_string().contains("http://127.0.0.1:9/thing.bin could not be reached"), "{none}");
    let failures = failures(none);
    assert!(matches!(failures[..], [SourceError::Unreachable { .. }, SourceError::WrongContent { .. }]));
}

#[tokio::test]
async fn two_fetches_at_once_do_not_clash() {
    let (place, server) = (place(), server(Manner::Honest).await);
    let entry = entry(vec![server.source()]);
    let (first, second) =
        tokio::join!(fetch(&entry, &place.library, |_| {}), fetch(&entry, &place.library, |_| {}));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(server.asked().len(), 1, "the second one found the file of the first");
}

#[tokio::test]
async fn the_embedded_model_and_a_useless_folder_are_named() {
    let catalogue = Catalogue::built_in().unwrap();
    let place = place();
    let error = fetch(catalogue.embedded().unwrap(), &place.library, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("built into hark"), "{error}");
    assert!(place.library.is_present(catalogue.embedded().unwrap()));
    std::fs::write(place.folder.path().join("models"), "in the way").unwrap();
    let error = fetch(&entry(Vec::new()), &place.library, |_| {}).await.unwrap_err();
    assert!(matches!(error, FetchError::Disk { action: "create", .. }), "{error}");
}

/// A wheel that pip accepts, with the file inside. Returns its SHA-256.
fn wheel(folder: &Path, member: &[u8]) -> String {
    let path = folder.join("hark_thing-1.0-py3-none-any.whl");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    let files: [(&str, &[u8]); 4] = [
        ("hark_thing/thing.bin", member),
        ("hark_thing-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: hark-thing\nVersion: 1.0\n"),
        ("hark_thing-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        ("hark_thing-1.0.dist-info/RECORD", b""),
    ];
    for (name, bytes) in files {
        archive.start_file(name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
    sha256(&std::fs::read(path).unwrap())
}

fn from_wheel(member: &str, sha256: &str) -> Source {
    Source::Wheel {
        package: "hark-thing".into(),
        version: "1.0".into(),
        member: member.into(),
        sha256: sha256.into(),
    }
}

/// pip that knows no index but this folder.
fn pip(folder: &Path) -> Fetcher {
    let arguments = ["--no-index".into(), format!("--find-links={}", folder.display())];
    Fetcher { pip_arguments: arguments.into(), ..Fetcher::default() }
}

#[tokio::test]
async fn a_model_comes_out_of_a_wheel() {
    let place = place();
    let digest = wheel(place.folder.path(), &content());
    let entry = entry(vec![from_wheel("hark_thing/thing.bin", &digest)]);
    let path = pip(place.folder.path()).fetch(&entry, &place.library, |_| {}).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content());
    assert_eq!(names(place.library.dir()), [".thing.bin.lock", "thing.bin"]);
}

#[tokio::test]
async fn a_wheel_that_is_not_the_right_one_is_refused() {
    let place = place();
    let digest = wheel(place.folder.path(), &[content(), vec![0; 10]].concat());
    let pip = pip(place.folder.path());
    let cases = [
        (from_wheel("hark_thing/thing.bin", &digest), "of more than 300000 bytes"),
        (from_wheel("hark_thing/other.bin", &digest), "has no hark_thing/other.bin"),
        (from_wheel("hark_thing/thing.bin", &"0".repeat(64)), "came with SHA-256"),
    ];
    for (source, reason) in cases {
        let entry = entry(vec![source]);
        let error = pip.fetch(&entry, &place.library, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains("hark-thing==1.0"), "{error} does not say {reason}");
        assert!(!place.library.path_of(&entry).exists());
        assert_eq!(names(place.library.dir()), [".thing.bin.lock", "thing.bin.part"]);
    }
}

#[tokio::test]
async fn a_package_index_that_fails_gives_way_to_the_next_source() {
    let (place, server) = (place(), server(Manner::Honest).await);
    let wheel = from_wheel("hark_thing/thing.bin", &"0".repeat(64));
    let only = entry(vec![wheel.clone()]);
    let error = pip(place.folder.path()).fetch(&only, &place.library, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("pip download --no-deps hark-thing==1.0` failed"), "{error}");
    let absent = Fetcher { python: "/nowhere/python3".into(), pip_arguments: Vec::new() };
    let both = entry(vec![wheel, server.source()]);
    absent.fetch(&both, &place.library, |_| {}).await.unwrap();
}
