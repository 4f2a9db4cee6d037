//! Each way in which a token is none.

use serde_json::json;
use yizhan_testkit::TokenMaker;

use super::super::keys::AGAIN;
use super::*;

const NOW: i64 = 1_800_000_000;

fn config(keys: &std::path::Path) -> JwtConfig {
    JwtConfig::of("https://issuer.example", "yizhan", keys)
}

/// Tokens by the keys in a file, and the file.
fn tokens(keys: &Value) -> (Tokens, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), keys.to_string()).unwrap();
    (Tokens::open(&config(file.path())).unwrap(), file)
}

fn good() -> Value {
    json!({ "iss": "https://issuer.example", "aud": "yizhan", "exp": NOW + 600, "nbf": NOW - 5, "yizhan_caller": "agency:430200" })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn told(caller: Result<Caller, Why>) -> String {
    caller.map_or_else(|why| why.name().to_owned(), |caller| caller.to_string())
}

#[tokio::test]
async fn a_token_counts_within_its_time_give_or_take_the_leeway() {
    let maker = TokenMaker::new("a");
    let (tokens, _file) = tokens(&maker.keys());
    let rules = Arc::new(Rules::services());
    let token = maker.token(&good());
    let at = async |now| told(tokens.caller(&token, &rules, now).await);
    // Before and after it is remembered.
    for _ in 0..2 {
        assert_eq!(at(NOW).await, "agency:430200");
        assert_eq!(at(NOW + 629).await, "agency:430200");
        assert_eq!(at(NOW + 630).await, "expired");
        assert_eq!(at(NOW - 35).await, "agency:430200");
        assert_eq!(at(NOW - 36).await, "not yet");
    }
    let es256 = json!({ "alg": "ES256", "kid": maker.kid("es") });
    let es256 = maker.with_header(&es256, &good());
    assert_eq!(told(tokens.caller(&es256, &rules, NOW).await), "agency:430200");
}

#[tokio::test]
async fn rs256_is_verified() {
    let keys = serde_json::from_str(include_str!("rsa.jwks.json")).unwrap();
    let (tokens, _file) = tokens(&keys);
    let (rules, token) = (Arc::new(Rules::services()), include_str!("rsa.jwt"));
    assert_eq!(told(tokens.caller(token, &rules, NOW).await), "agency:430200");
    let mut wrong = token.to_owned();
    wrong.replace_range(token.len() - 10..token.len() - 9, if token.ends_with('A') { "B" } else { "A" });
    let changed =
        if wrong == token { "-".to_owned() } else { told(tokens.caller(&wrong, &rules, NOW).await) };
    assert!(changed == "signature" || changed == "-", "{changed}");
}

#[tokio::test]
async fn what_is_wrong_is_refused_for_what_it_is() {
    let (maker, other) = (TokenMaker::new("a"), TokenMaker::new("a"));
    let (tokens, _file) = tokens(&maker.keys());
    let rules = Arc::new(Rules::services());
    let header = |header: Value| maker.with_header(&header, &good());
    let kid = maker.kid("ed");
    let changed = {
        let (token, evil) =
            (maker.token(&good()), maker.token(&with("yizhan_caller", json!("agency:100000"))));
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (token, evil) = (parts(&token), parts(&evil));
        format!("{}.{}.{}", token[0], evil[1], token[2])
    };
    let unsigned = {
        let none = header(json!({ "alg": "none", "kid": kid }));
        format!("{}.", none.rsplit_once('.').unwrap().0)
    };
    let without = |name: &str| {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(name);
        maker.token(&claims)
    };
    for (token, why) in [
        (maker.token(&with("iss", json!("https://other.example"))), "issuer"),
        (without("iss"), "issuer"),
        (maker.token(&with("aud", json!("other"))), "audience"),
        (maker.token(&with("aud", json!(["other"]))), "audience"),
        (without("aud"), "audience"),
        (maker.token(&with("exp", json!(NOW - 60))), "expired"),
        (maker.token(&with("nbf", json!(NOW + 60))), "not yet"),
        (without("exp"), "malformed"),
        (maker.token(&with("exp", json!("tomorrow"))), "malformed"),
        (header(json!({ "alg": "HS256", "kid": kid })), "algorithm"),
        (header(json!({ "alg": "none", "kid": kid })), "algorithm"),
        (unsigned, "algorithm"),
        (header(json!({ "alg": "RS256", "kid": kid })), "algorithm"),
        (header(json!({ "alg": "EdDSA", "kid": maker.kid("es") })), "algorithm"),
        (header(json!({ "alg": "EdDSA", "kid": kid, "crit": ["exp"] })), "malformed"),
        (header(json!({ "alg": "EdDSA", "kid": "unknown" })), "key"),
        (header(json!({ "alg": "EdDSA", "kid": "for something else" })), "key"),
        (header(json!({ "alg": "EdDSA" })), "key"),
        (other.token(&good()), "signature"),
        (changed, "signature"),
        (maker.token(&with("yizhan_caller", json!("service:settlement"))), "caller"),
        (maker.token(&with("yizhan_caller", json!("local-administrator"))), "caller"),
        (maker.token(&with("yizhan_caller", json!("root:x"))), "caller"),
        (maker.token(&with("yizhan_caller", json!(7))), "caller"),
        (without("yizhan_caller"), "caller"),
        ("a.b".to_owned(), "malformed"),
        ("….….…".to_owned(), "malformed"),
        ("a".repeat(MAX_TOKEN_BYTES + 1), "malformed"),
    ] {
        assert_eq!(told(tokens.caller(&token, &rules, NOW).await), why, "{token}");
    }
}

#[tokio::test]
async fn a_subject_is_who_the_rules_say() {
    let maker = TokenMaker::new("a");
    let (tokens, _file) = tokens(&maker.keys());
    let file = "[[rule]]\nmatch = \"sub:system:serviceaccount:prod:yizhan-{service}\"\ncaller = \"service:{service}\"";
    let mut claims = good();
    claims.as_object_mut().unwrap().remove("yizhan_caller");
    claims["sub"] = json!("system:serviceaccount:prod:yizhan-audit");
    let token = maker.token(&claims);
    let rules = Arc::new(Rules::parse(file).unwrap());
    assert_eq!(told(tokens.caller(&token, &rules, NOW).await), "service:audit");
    let others = Arc::new(Rules::services());
    assert_eq!(told(tokens.caller(&token, &others, NOW).await), "caller", "the rules are others now");
}

#[tokio::test]
async fn keys_are_exchanged_when_a_token_names_another_and_those_taken_out_count_no_more() {
    let (old, new) = (TokenMaker::new("old"), TokenMaker::new("new"));
    let (tokens, file) = tokens(&old.keys());
    let rules = Arc::new(Rules::services());
    let (of_old, of_new) = (old.token(&good()), new.token(&good()));
    assert_eq!(told(tokens.caller(&of_old, &rules, NOW).await), "agency:430200");
    std::fs::write(file.path(), new.keys().to_string()).unwrap();
    assert_eq!(told(tokens.caller(&of_new, &rules, NOW).await), "agency:430200", "it was looked for");
    assert_eq!(told(tokens.caller(&of_old, &rules, NOW).await), "key", "though it was remembered");
    // What is no set of keys changes nothing.
    std::fs::write(file.path(), "{}").unwrap();
    tokio::time::sleep(2 * AGAIN).await;
    assert_eq!(told(tokens.caller(&of_old, &rules, NOW).await), "key");
    assert_eq!(told(tokens.caller(&of_new, &rules, NOW).await), "agency:430200");
}

#[test]
fn a_set_of_keys_that_is_wrong_is_refused() {
    let maker = TokenMaker::new("a");
    let key = |change: &dyn Fn(&mut Value)| {
        let mut keys = maker.keys();
        change(&mut keys["keys"]);
        KeySet::parse(keys.to_string().as_bytes()).map(|set| set.0.len())
    };
    assert_eq!(key(&|_| {}).unwrap(), 2);
    assert!(key(&|keys| keys[0]["x"] = json!("AQAB")).is_err(), "too short");
    assert!(key(&|keys| keys[0]["kid"] = keys[1]["kid"].clone()).is_err(), "two of one name");
    assert!(key(&|keys| *keys = json!([keys[2].clone()])).is_err(), "none is left");
    assert!(key(&|keys| keys[2]["use"] = json!("sig")).is_err(), "RSA that is too small");
    assert_eq!(key(&|keys| keys[1]["alg"] = json!("ES512")).unwrap(), 1, "one is for something else");
    assert!(KeySet::parse(b"[]").is_err());
}
