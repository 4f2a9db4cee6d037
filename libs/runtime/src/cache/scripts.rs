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
