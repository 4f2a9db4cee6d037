//! What must happen in Redis at once. Each script touches one slot.

use std::sync::LazyLock;

use redis::{RedisResult, Script};

use super::format::{Token, version_text};
use super::link::Connection;

/// Puts a new watermark in the place of the one that was seen; says whether it was still there.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local seen = redis.call('GET', KEYS[1]) or ''
        if seen ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2])
        return 1",
    )
});

/// Stores what a loader read, unless a pass began since it began to read, or something as new is there.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local watermark = redis.call('GET', KEYS[2]) or ''
        if string.sub(watermark, 1, 32) ~= ARGV[1] then return 0 end
        local old = redis.call('GETRANGE', KEYS[1], 0, 31)
        if string.find(old, '^[0-9a-f]+$') and #old == 32
            and string.sub(old, 1, 16) == string.sub(ARGV[1], 1, 16)
            and string.sub(old, 17) >= ARGV[2] then return 0 end
        redis.call('SET', KEYS[1], string.sub(ARGV[1], 1, 16) .. ARGV[2] .. ARGV[3], 'PX', ARGV[4])
        return 1",
    )
});

/// Replaces an older value. Never sets what is absent: see the page's text.
static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local old = redis.call('GETRANGE', KEYS[1], 0, 31)
        if #old ~= 32 or not string.find(old, '^[0-9a-f]+$') then return 0 end
        if string.sub(old, 17) >= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], string.sub(old, 1, 16) .. ARGV[1] .. ARGV[2], 'PX', ARGV[3])
        return 1",
    )
});

/// Removes a value that is older than a version, of another generation, or malformed.
static INVALIDATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local old = redis.call('GETRANGE', KEYS[1], 0, 31)
        if old == '' then return 0 end
        if #old == 32 and string.find(old, '^[0-9a-f]+$')
            and string.sub(old, 1, 16) == ARGV[1]
            and string.sub(old, 17) >= ARGV[2] then return 0 end
        return redis.call('DEL', KEYS[1])",
    )
});

/// Removes exactly this value: one that could not be read.
static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0",
    )
});

pub(super) async fn swap(
    redis: &mut Connection,
    watermark: &str,
    seen: &[u8],
    new: &str,
) -> RedisResult<bool> {
    SWAP.key(watermark).arg(seen).arg(new).invoke_async(redis).await
}

/// A value to be stored.
pub(super) struct NewValue<'a> {
    pub key: &'a str,
    pub version: i64,
    pub payload: &'a [u8],
    pub ttl_millis: u64,
}

pub(super) async fn put(
    redis: &mut Connection,
    watermark: &str,
    token: Token,
    value: NewValue<'_>,
) -> RedisResult<bool> {
    let mut put = PUT.key(value.key);
    put.key(watermark).arg(token.encode()).arg(version_text(value.version)).arg(value.payload);
    put.arg(value.ttl_millis).invoke_async(redis).await
}

pub(super) async fn replace(redis: &mut Connection, value: NewValue<'_>) -> RedisResult<bool> {
    let mut replace = REPLACE.key(value.key);
    replace.arg(version_text(value.version)).arg(value.payload).arg(value.ttl_millis);
    replace.invoke_async(redis).await
}

pub(super) async fn invalidate(
    redis: &mut Connection,
    key: &str,
    generation: i64,
    version: i64,
) -> RedisResult<bool> {
    let mut invalidate = INVALIDATE.key(key);
    invalidate.arg(format!("{generation:016x}")).arg(version_text(version)).invoke_async(redis).await
}

pub(super) async fn remove(redis: &mut Connection, key: &str, value: &[u8]) -> RedisResult<bool> {
    REMOVE.key(key).arg(value).invoke_async(redis).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use yizhan_testkit::RedisServer;

    use super::super::config::Address;
    use super::super::format::Watermark;
    use super::super::link::Link;
    use super::*;

    const WATERMARK: Watermark = Watermark { generation: 5, begun: 10, done: 9, changed: 1 };

    async fn redis() -> (RedisServer, Connection) {
        let server = RedisServer::start();
        server.set_raw("w", WATERMARK.encode().as_bytes());
        let link = Link::new(Address::parse(&server.url()).unwrap(), Duration::from_secs(1));
        let connection = link.patient_connection().await.unwrap();
        (server, connection)
    }

    fn value(version: i64) -> NewValue<'static> {
        NewValue { key: "k", version, payload: b"payload", ttl_millis: 60_000 }
    }

    fn stored(generation: i64, version: i64) -> Vec<u8> {
        format!("{generation:016x}{}payload", version_text(version)).into_bytes()
    }

    /// What cannot be the header of a newer value.
    fn garbage() -> Vec<Vec<u8>> {
        let newest = stored(5, i64::MAX);
        vec![
            b"".to_vec(),
            b"x".to_vec(),
            vec![b'z'; 80],
            newest[..31].to_vec(),
            [&newest[..16], &[b'z'; 16]].concat(),
        ]
    }

    #[tokio::test]
    async fn what_was_loaded_is_put_unless_a_pass_began_or_something_as_new_is_there() {
        let (server, mut redis) = redis().await;
        let token = WATERMARK.token();
        for wrong in
            [Token { begun: 9, ..token }, Token { begun: 11, ..token }, Token { generation: 4, ..token }]
        {
            assert!(!put(&mut redis, "w", wrong, value(3)).await.unwrap());
        }
        assert!(put(&mut redis, "w", token, value(3)).await.unwrap());
        assert_eq!(server.get_raw("k"), Some(stored(5, 3)));
        for (version, expected) in [(3, false), (2, false), (-4, false), (4, true)] {
            assert_eq!(put(&mut redis, "w", token, value(version)).await.unwrap(), expected, "{version}");
        }
        for old in garbage().into_iter().chain([stored(4, 9)]) {
            server.set_raw("k", &old);
            assert!(
                put(&mut redis, "w", token, value(1)).await.unwrap(),
                "{}",
                String::from_utf8_lossy(&old)
            );
        }
        assert!(!put(&mut redis, "no watermark", token, value(9)).await.unwrap());
    }

    #[tokio::test]
    async fn only_what_is_there_and_older_is_replaced() {
        let (server, mut redis) = redis().await;
        assert!(!replace(&mut redis, value(7)).await.unwrap(), "absent");
        for old in garbage().into_iter().chain([stored(5, 7), stored(5, 8)]) {
            server.set_raw("k", &old);
            assert!(!replace(&mut redis, value(7)).await.unwrap());
            assert_eq!(server.get_raw("k"), Some(old));
        }
        server.set_raw("k", &stored(4, 6));
        assert!(replace(&mut redis, value(7)).await.unwrap());
        assert_eq!(server.get_raw("k"), Some(stored(4, 7)), "the generation stays");
    }

    #[tokio::test]
    async fn what_is_older_or_does_not_count_is_taken_out() {
        let (server, mut redis) = redis().await;
        assert!(!invalidate(&mut redis, "k", 5, 7).await.unwrap(), "absent");
        for newer in [stored(5, 7), stored(5, 8)] {
            server.set_raw("k", &newer);
            assert!(!invalidate(&mut redis, "k", 5, 7).await.unwrap());
        }
        for old in [stored(5, 6), stored(5, -1), stored(4, 8)].into_iter().chain(garbage().split_off(1)) {
            server.set_raw("k", &old);
            assert!(invalidate(&mut redis, "k", 5, 7).await.unwrap(), "{}", String::from_utf8_lossy(&old));
        }
        server.set_raw("k", b"new");
        assert!(!remove(&mut redis, "k", b"old").await.unwrap());
        assert!(remove(&mut redis, "k", b"new").await.unwrap());
    }

    #[tokio::test]
    async fn watermarks_are_swapped_by_who_has_seen_them() {
        let (_server, mut redis) = redis().await;
        let (old, new) = (WATERMARK.encode(), Watermark { begun: 11, ..WATERMARK }.encode());
        assert!(!swap(&mut redis, "w", b"", &new).await.unwrap());
        assert!(swap(&mut redis, "w", old.as_bytes(), &new).await.unwrap());
        assert!(!swap(&mut redis, "w", old.as_bytes(), &new).await.unwrap());
        assert!(swap(&mut redis, "missing", b"", &new).await.unwrap());
    }
}
