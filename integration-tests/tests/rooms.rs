//! The plan of the services, read from their sources: rooms are the modules at the top of a crate, an arrow leads from a room to one whose
//! items it names. Arrows between rooms go one way, and inside a room a request goes down: api → use case → messages, store → domain.
//! `cargo test --test rooms -- --nocapture` prints the plan, with
//! `YIZHAN_ROOMS_OF` that of another copy of this repository.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test; it prints what it has read")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Of each service, what is known to be otherwise. It gets shorter, never longer.
const EXCEPTIONS: [(&str, Exceptions); 5] = [
    ("enrollment", Exceptions { circles: &[], climbing: &[] }),
    ("filing", Exceptions { circles: &[], climbing: &[] }),
    ("audit", Exceptions { circles: &[], climbing: &[] }),
    ("credit", Exceptions { circles: &[], climbing: &[] }),
    ("settlement", Exceptions { circles: &[], climbing: &[] }),
];

struct Exceptions {
    /// Rooms in a circle.
    circles: &'static [&'static str],
    /// References that climb.
    climbing: &'static [&'static str],
}

/// A module or item by its segments, from the root of its crate.
type Name = Vec<String>;

/// The plan of one crate.
struct Plan {
    /// Text of every module, without comments and tests.
    modules: BTreeMap<Name, String>,
    /// What `pub use` gives another name.
    renamed: BTreeMap<Name, Name>,
}

impl Plan {
    fn of(folder: &Path) -> Plan {
        let mut files = Vec::new();
        rust_files(folder, &mut files);
        let modules: BTreeMap<Name, String> = files
            .iter()
            .map(|file| {
                (module_of(file.strip_prefix(folder).unwrap()), code_of(&fs::read_to_string(file).unwrap()))
            })
            .filter(|(module, _)| module.first().is_none_or(|room| room != "main"))
            .collect();
        let mut plan = Plan { modules, renamed: BTreeMap::new() };
        let named = |module: &Name, path: Name| {
            let target = plan.absolute(module, &path)?;
            Some(([&module[..], &path[path.len() - 1..]].concat(), target))
        };
        let renamed = plan
            .modules
            .iter()
            .flat_map(|(module, text)| uses(text).into_iter().filter_map(move |path| named(module, path)));
        plan.renamed = renamed.collect();
        plan
    }

    /// A path as it is written in `module`, from the root; `None` for what belongs to another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Name> {
        let (mut at, mut rest) = (module.to_vec(), path);
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {}
            first if self.modules.contains_key(&[module, &[first.to_owned()]].concat()) => {}
            _ => return None,
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            (_, rest) = (at.pop(), &rest[1..]);
        }
        Some([&at, rest].concat()).filter(|name| !name.is_empty())
    }

    /// The module that holds what is named, behind all `use`s.
    fn home(&self, name: &[String]) -> Name {
        let mut name = name.to_vec();
        for _ in 0..8 {
            let known = (0..=name.len()).rev().find(|n| self.modules.contains_key(&name[..*n])).unwrap_or(0);
            let item = &name[..name.len().min(known + 1)];
            match self.renamed.get(item) {
                Some(other) if other != item && known < name.len() => {
                    name = [&other[..], &name[known + 1..]].concat()
                }
                _ => return name[..known].to_vec(),
            }
        }
        name
    }

    /// Which module names something of which.
    fn references(&self) -> BTreeSet<(Name, Name)> {
        let mut found = BTreeSet::new();
        for (module, text) in self.modules.iter().filter(|(module, _)| !module.is_empty()) {
            for path in paths(text).iter().filter_map(|path| self.absolute(module, path)) {
                found.insert((module.clone(), self.home(&path)));
            }
        }
        found.retain(|(from, to)| from != to && !to.is_empty());
        found
    }

    fn rooms(&self) -> BTreeSet<&str> {
        self.modules.keys().filter_map(|module| module.first().map(String::as_str)).collect()
    }

    fn arrows(&self) -> BTreeSet<(String, String)> {
        let between = |(from, to): (Name, Name)| (from[0].clone(), to[0].clone());
        self.references().into_iter().map(between).filter(|(from, to)| from != to).collect()
    }

    /// Rooms from which one comes back to them.
    fn in_circles(&self) -> BTreeSet<&str> {
        let arrows = self.arrows();
        let reach = |start: &str| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![start.to_owned()]);
            while let Some(room) = open.pop() {
                let next = arrows.iter().filter(|(from, _)| *from == room).map(|(_, to)| to.clone());
                open.extend(next.filter(|to| seen.insert(to.clone())));
            }
            seen
        };
        self.rooms().into_iter().filter(|room| reach(room).contains(*room)).collect()
    }

    /// References inside a room that climb: to a layer above one's own.
    fn upward(&self) -> Vec<String> {
        let climbs = |(from, to): &(Name, Name)| {
            from[0] == to[0] && matches!((height(from), height(to)), (Some(own), Some(its)) if its > own)
        };
        self.references()
            .iter()
            .filter(|pair| climbs(pair))
            .map(|(from, to)| format!("{} → {}", from.join("::"), to.join("::")))
            .collect()
    }
}

/// How high a module lies in its room; `None` where a room has no layers below its use cases.
fn height(module: &[String]) -> Option<u8> {
    let named = module.iter().rev().find_map(|segment| match segment.as_str() {
        "api" => Some(3),
        "messages" | "store" => Some(1),
        "domain" => Some(0),
        _ => None,
    });
    named.or((module.len() > 1).then_some(2))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            rust_files(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

fn module_of(file: &Path) -> Name {
    let name: Name =
        file.with_extension("").iter().map(|segment| segment.to_str().unwrap().to_owned()).collect();
    name.into_iter().filter(|segment| !matches!(segment.as_str(), "lib" | "mod")).collect()
}

/// Without comments, and without tests, which stand at the end of a file.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// What the `use` lines of a module name; they may begin with one of its children.
fn uses(code: &str) -> Vec<Name> {
    let starts =
        code.match_indices("use ").filter(|(at, _)| code[..*at].ends_with(['\n', ' ', ')']) || *at == 0);
    starts.flat_map(|(at, word)| tree(&code[at + word.len()..]).0).collect()
}

/// Every path of a module that begins at its crate, its parent or itself.
fn paths(code: &str) -> Vec<Name> {
    let mut found = uses(code);
    for word in ["crate::", "super::", "self::"] {
        let stands_alone =
            |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '$'));
        found.extend(
            code.match_indices(word)
                .filter(|(at, _)| stands_alone(*at))
                .flat_map(|(at, _)| tree(&code[at..]).0),
        );
    }
    found
}

/// The paths of a tree such as `a::{b, c::d}`, and how long it is.
fn tree(text: &str) -> (Vec<Name>, usize) {
    let (mut prefix, mut at) = (Name::new(), 0);
    loop {
        let word = text[at..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len() - at);
        if word == 0 {
            break;
        }
        prefix.push(text[at..at + word].to_owned());
        at += word;
        if !text[at..].starts_with("::") {
            break;
        }
        at += 2;
    }
    if !text[at..].starts_with('{') {
        return (vec![prefix], at);
    }
    let mut found = Vec::new();
    while !text[at..].starts_with('}') {
        at += 1;
        at += text[at..].len() - text[at..].trim_start().len();
        let (branches, length) = tree(&text[at..]);
        // `self` is the branch's own stem; after `as` comes another name for the same.
        let stem = |branch: Name| branch.into_iter().filter(|segment| segment != "self");
        found.extend(
            branches.into_iter().map(|branch| prefix.iter().cloned().chain(stem(branch)).collect::<Name>()),
        );
        at += length;
        at += text[at..].find([',', '}']).unwrap();
    }
    (found, at + 1)
}

fn root() -> PathBuf {
    env::var("YIZHAN_ROOMS_OF")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), PathBuf::from)
}

fn plans() -> Vec<(&'static str, Exceptions, Plan)> {
    let plan = |(service, exceptions)| {
        (service, exceptions, Plan::of(&root().join("services").join(service).join("src")))
    };
    EXCEPTIONS.map(plan).into()
}

/// Goal: a room can be understood, moved and thrown away with nothing but what lies below it.
#[test]
fn arrows_go_one_way() {
    for (service, exceptions, plan) in plans() {
        let arrows = plan.arrows();
        println!("{service}: {} rooms, {} arrows", plan.rooms().len(), arrows.len());
        arrows.iter().for_each(|(from, to)| println!("  {from} → {to}"));
        let known = exceptions.circles.iter().copied().collect();
        assert_eq!(plan.in_circles(), known, "{service}: rooms that lie in a circle");
    }
}

/// Goal: nothing climbs inside a room: who converts or stores decides nothing, and the rules know neither tables nor messages.
#[test]
fn nothing_climbs() {
    for (service, exceptions, plan) in plans() {
        assert_eq!(plan.upward(), exceptions.climbing, "{service}: what names a layer above its own");
    }
}

/// Goal: a module of a library can be read before those that use it.
#[test]
fn modules_of_libraries_lie_in_no_circle() {
    for library in ["clients", "documents", "policy", "reasons", "rules", "terms", "workflow"] {
        let plan = Plan::of(&root().join("libs").join(library).join("src"));
        assert_eq!(plan.in_circles(), BTreeSet::new(), "{library}: modules that lie in a circle");
    }
}
