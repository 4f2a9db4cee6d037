//! Databases whose tables are there already: made once for all tests of a binary, and copied. A service finds nothing left to migrate then,
//! which would otherwise be most of what a small test does.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::{env, fs};

use tokio::sync::OnceCell;

use crate::postgres::PostgresServer;
use crate::process::run;
use crate::scratch;

/// Brings the tables of an empty database up to date, by its URL, and closes it.
pub type MakeTables = fn(String) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// The services whose tables the tests of a binary need, by name. There is one in a test binary.
///
/// What was made lies next to the binary (`target/<profile>/prepared/`) until that is built again: other migrations are another binary.
#[derive(Debug)]
pub struct Prepared {
    services: &'static [(&'static str, MakeTables)],
    folder: OnceCell<PathBuf>,
}

impl Prepared {
    /// For these services, e.g. `("filing", |url| Box::pin(migrate_filing(url)))`.
    pub const fn new(services: &'static [(&'static str, MakeTables)]) -> Prepared {
        Prepared { services, folder: OnceCell::const_new() }
    }

    /// Where they lie: `postgres`, the data of a server with a database for each, and `<service>.db`.
    pub(crate) async fn folder(&self) -> &Path {
        self.folder.get_or_init(|| self.made()).await
    }

    async fn made(&self) -> PathBuf {
        let binary = env::current_exe().expect("the path of the test");
        let folder = binary.ancestors().nth(2).expect("target/<profile>/deps/<test>").join("prepared");
        let folder = folder.join(binary.file_name().expect("a name"));
        let built = fs::metadata(&binary).expect("the test's binary");
        let built = format!("{:?} {}", built.modified().expect("when it was built"), built.len());
        let done = folder.join("made-for");
        let is_made = || fs::read_to_string(&done).is_ok_and(|known| known == built);
        if is_made() {
            return folder;
        }
        fs::create_dir_all(folder.parent().expect("target/<profile>")).expect("a folder");
        let lock = fs::File::create(folder.with_extension("lock")).expect("a lock file");
        // The first makes them, the others wait: not on a thread that other tasks of this process need.
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
        let _locked = lock.expect("no panic").expect("locked");
        if !is_made() {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).expect("a folder");
            self.make(&folder).await;
            fs::write(&done, built).expect("written");
        }
        folder
    }

    async fn make(&self, folder: &Path) {
        let server = PostgresServer::empty_in(scratch::folder("yizhan-prepared-").keep());
        for (service, make_tables) in self.services {
            make_tables(server.create_database_named(service)).await;
            make_tables(format!("sqlite://{}", file_of(folder, service).display())).await;
        }
        server.stop_for_good();
        run(Command::new("cp").arg("-a").arg(server.data()).arg(folder.join("postgres")));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.services.iter().map(|(service, _)| (*service).to_owned())
    }
}

/// The SQLite file of a service.
pub(crate) fn file_of(folder: &Path, service: &str) -> PathBuf {
    folder.join(service).with_extension("db")
}
