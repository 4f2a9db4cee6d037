//! YAML → JSON values. Scalars stay text, so that no amount passes through a float.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Reads the one document of a text.
pub fn read(text: &str) -> Result<Value, String> {
    let mut parser = Parser::new_from_str(text);
    loop {
        match next(&mut parser)? {
            Event::StreamStart | Event::DocumentStart(_) => {}
            event => return value(event, &mut parser),
        }
    }
}

type Events<'t> = Parser<'t, saphyr_parser::StrInput<'t>>;

fn next<'t>(parser: &mut Events<'t>) -> Result<Event<'t>, String> {
    match parser.next_event() {
        Some(Ok((event, _))) => Ok(event),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the text ends too early".to_owned()),
    }
}

fn value<'t>(event: Event<'t>, parser: &mut Events<'t>) -> Result<Value, String> {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) if text == "true" => Ok(Value::Bool(true)),
        Event::Scalar(text, ScalarStyle::Plain, ..) if text == "false" => Ok(Value::Bool(false)),
        Event::Scalar(text, ..) => Ok(Value::String(text.into_owned())),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next(parser)? {
                    Event::SequenceEnd => return Ok(Value::Array(items)),
                    event => items.push(value(event, parser)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Map::new();
            loop {
                let key = match next(parser)? {
                    Event::MappingEnd => return Ok(Value::Object(entries)),
                    Event::Scalar(key, ..) => key.into_owned(),
                    other => return Err(format!("a key is needed, not {other:?}")),
                };
                let event = next(parser)?;
                let read = value(event, parser)?;
                if entries.insert(key.clone(), read).is_some() {
                    return Err(format!("`{key}` stands twice in one mapping"));
                }
            }
        }
        other => Err(format!("{other:?} is not supported here")),
    }
}
