//! The walk through every request: its texts, documents and amounts, each with its place.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

use super::{messages, rust_path};

/// Full name, `.yizhan.filing.v1.Referral`, to package and message.
type Known<'f> = BTreeMap<String, (&'f str, &'f DescriptorProto)>;

/// `impl Walk` for every message that a method takes, and for all that stands within.
///
/// # Errors
/// For a shape that no request has yet: whoever is the first to use it teaches it here, and nothing is passed over.
pub fn requests(files: &[FileDescriptorProto]) -> Result<String, Box<dyn Error>> {
    let known: Known = messages(files)
        .map(|(package, message)| (format!(".{package}.{}", message.name()), (package, message)))
        .collect();
    let methods = files.iter().flat_map(|file| &file.service).flat_map(|service| &service.method);
    let mut todo: Vec<&str> = methods.map(|method| method.input_type()).collect();
    let mut walks = BTreeMap::new();
    while let Some(name) = todo.pop() {
        let Some((package, message)) = known.get(name).filter(|_| !walks.contains_key(name)) else {
            continue;
        };
        walks.insert(name.to_owned(), implementation(package, message, &known)?);
        let within = message.field.iter().filter(|field| field.r#type() == Type::Message);
        todo.extend(within.map(|field| field.type_name()));
    }
    Ok(walks.into_values().collect())
}

fn implementation(package: &str, message: &DescriptorProto, known: &Known) -> Result<String, Box<dyn Error>> {
    let path = rust_path(package, message);
    let mut body = String::new();
    for field in &message.field {
        let name = field.name();
        let visit = visit_of(message.name(), field, known)
            .map_err(|shape| format!("{path}.{name}: {shape} in a request"))?;
        let Some(visit) = visit else { continue };
        match (field.oneof_index, field.label()) {
            (Some(_), _) if field.proto3_optional() => {
                return Err(format!("{path}.{name}: an optional field in a request").into());
            }
            (Some(index), _) => {
                let oneof = message.oneof_decl[index as usize].name();
                let part = format!("{}::{}", snake_case(&path), pascal_case(oneof));
                let variant = pascal_case(name);
                writeln!(
                    body,
                    "if let Some({part}::{variant}(part)) = &self.{oneof} {{ let value = part; let at = at.field({name:?}); {visit} }}"
                )?;
            }
            (None, Label::Repeated) => writeln!(
                body,
                "for (row, value) in self.{name}.iter().enumerate() {{ let at = at.row({name:?}, row); {visit} }}"
            )?,
            (None, _) if field.r#type() == Type::Message => {
                writeln!(
                    body,
                    "if let Some(value) = &self.{name} {{ let at = at.field({name:?}); {visit} }}"
                )?;
            }
            (None, _) => {
                writeln!(body, "{{ let (at, value) = (at.field({name:?}), &self.{name}); {visit} }}")?
            }
        }
    }
    Ok(format!(
        "impl crate::Walk for {path} {{
             fn walk<V: crate::Visitor>(&self, at: &crate::Place<'_>, visitor: &mut V) {{
                 let _ = (at, &visitor);
                 {body}
             }}
         }}\n"
    ))
}

/// What is done with `value` at `at`; nothing with numbers that are no amounts, and with messages that are not ours.
fn visit_of(
    message: &str,
    field: &FieldDescriptorProto,
    known: &Known,
) -> Result<Option<String>, &'static str> {
    let call = match field.r#type() {
        Type::Message if known.contains_key(field.type_name()) => "crate::Walk::walk(value, &at, visitor);",
        Type::String if field.name() == "document" => "visitor.document(&at, value);",
        Type::String => match area_of(message, field.name())? {
            Some(Area::Answers) => "visitor.text(&at, value); visitor.area(&at, value);",
            Some(Area::OfDocuments) => "visitor.text(&at, value); visitor.area_of_documents(&at, value);",
            Some(Area::Place) | None => "visitor.text(&at, value);",
        },
        Type::Int64 if field.name().ends_with("_fen") => "visitor.amount(&at, *value);",
        Type::Bytes => return Err("bytes"),
        Type::Group => return Err("a group"),
        Type::Message if !field.type_name().starts_with(".google.protobuf.") => {
            return Err("a map or nested message");
        }
        _ => return Ok(None),
    };
    Ok(Some(call.to_owned()))
}

/// What an area in a request is.
enum Area {
    /// The one whose business it is.
    Answers,
    /// One by whose documents something is judged: they may be a province's.
    OfDocuments,
    /// Where something is or happens, which may be anywhere.
    Place,
}

/// What the field is, if it holds an area.
///
/// # Errors
/// For a name that is not known here: whoever is the first to use it says what it is (docs/decisions/0076).
fn area_of(message: &str, field: &str) -> Result<Option<Area>, &'static str> {
    let of_documents = ["Rule", "Polic", "Scheme", "Catalogue", "WorkingDays"];
    Ok(Some(match field {
        "poolarea_no" | "from_poolarea_no" | "to_poolarea_no" => Area::Answers,
        "area" if of_documents.iter().any(|what| message.contains(what)) => Area::OfDocuments,
        // An office works on what waits for it in every shard.
        "area" if message == "ListQueueRequest" => Area::Place,
        "area" => Area::Answers,
        "mdtrtarea_admvs" | "rloc_admdvs" | "admdvs" | "to_area" => Area::Place,
        name if name.contains("area") || name.contains("admdvs") || name.contains("admvs") => {
            return Err("an area of which area_of in build/walk.rs does not say what it is");
        }
        _ => return Ok(None),
    }))
}

/// The module of a message's oneofs: `crate::filing::v1::LoadRosterRequest` has `crate::filing::v1::load_roster_request`.
fn snake_case(path: &str) -> String {
    let (module, name) = path.rsplit_once("::").unwrap_or(("crate", path));
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    format!("{module}::{snake}")
}

/// `first_row` as `FirstRow`.
fn pascal_case(name: &str) -> String {
    let words =
        name.split('_').filter_map(|word| Some((word.get(..1)?.to_ascii_uppercase(), word.get(1..)?)));
    words.map(|(first, rest)| first + rest).collect()
}
