//! Ports for what a test starts. A port that was free a moment ago may be somebody else's before it is listened on, so each test process
//! has ports to itself: blocks of them, held by a lock that ends with the process.

use std::env;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Below the ports that the kernel gives to clients: a server that is down for a moment finds its port still free.
const FIRST: u16 = 10_000;
/// Ports of a block.
const BLOCK: u16 = 100;
/// Blocks there are.
const BLOCKS: u16 = 200;

static OWN: Mutex<Ports> = Mutex::new(Ports { held: Vec::new(), left: 0..0 });

struct Ports {
    held: Vec<File>,
    left: Range<u16>,
}

impl Ports {
    /// Takes a block that nobody has, beginning anywhere: what was used last is used again late.
    fn take(&mut self) {
        let folder = env::temp_dir().join("yizhan-test-ports");
        fs::create_dir_all(&folder).expect("a folder for locks");
        let anywhere = (RandomState::new().hash_one(()) % u64::from(BLOCKS)) as u16;
        let mut blocks = (0..BLOCKS).map(|block| (anywhere + block) % BLOCKS);
        let (block, lock) = blocks
            .find_map(|block| {
                let lock = File::create(folder.join(block.to_string())).expect("a lock");
                lock.try_lock().is_ok().then_some((block, lock))
            })
            .expect("a block of ports that nobody has");
        self.held.push(lock);
        self.left = FIRST + block * BLOCK..FIRST + (block + 1) * BLOCK;
    }
}

/// A port that nothing listens on, and that no other test is given.
pub fn free_port() -> u16 {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match own.left.next() {
            Some(port) if TcpListener::bind(("127.0.0.1", port)).is_ok() => return port,
            Some(_) => {}
            None => own.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_given_a_port_twice_and_other_processes_have_other_blocks() {
        let mut given: Vec<u16> = (0..2 * BLOCK).map(|_| free_port()).collect();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), usize::from(2 * BLOCK));
        let own = OWN.lock().unwrap();
        assert!(own.held.len() >= 2);
        let folder = env::temp_dir().join("yizhan-test-ports");
        let block = (own.left.start - 1 - FIRST) / BLOCK;
        let another = File::create(folder.join(block.to_string())).unwrap();
        assert!(another.try_lock().is_err(), "held until this process ends");
    }
}
