//! Compiles every `.proto` file under `proto/yizhan` with protox, so no protoc is ever installed. A new service only adds
//! files there; nothing here names a service.

#[path = "build/walk.rs"]
mod walk;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorProto, MethodDescriptorProto};

const PROTO_ROOT: &str = "../../proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO_ROOT}");

    let mut compiler = protox::Compiler::new([PROTO_ROOT])?;
    compiler.include_imports(true).include_source_info(true);
    for file in proto_files(&Path::new(PROTO_ROOT).join("yizhan"))? {
        compiler.open_file(&file)?;
    }

    // These bytes, not prost's re-encoding of them, keep custom options: reflection serves them.
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out_dir.join("descriptor_set.bin"), compiler.encode_file_descriptor_set())?;

    let files = compiler.file_descriptor_set();
    fs::write(out_dir.join("mutations.rs"), mutations(&files.file)?)?;
    fs::write(out_dir.join("lists.rs"), lists(&files.file)?)?;
    fs::write(out_dir.join("amounts.rs"), amounts(&files.file)?)?;
    fs::write(out_dir.join("walk.rs"), walk::requests(&files.file)?)?;
    fs::write(out_dir.join("methods.rs"), paths(&files.file, |_| true))?;
    fs::write(out_dir.join("client_streaming.rs"), paths(&files.file, |method| method.client_streaming()))?;
    fs::write(out_dir.join("server_streaming.rs"), paths(&files.file, |method| method.server_streaming()))?;

    tonic_prost_build::configure()
        .codec_path("crate::codec::ProtoCodec")
        .extern_path(".yizhan.settlement.v1.SettleResponse", "crate::settle_response::SettleResponse")
        .include_file("packages.rs")
        .compile_fds(files)?;
    Ok(())
}

/// Every `.proto` file under `folder`, sorted, so that the build is the same everywhere.
fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What every mutation has alike, as implementations of two traits: a request with a `request_id`, by the method that takes
/// it; an answer that says whether it was `replayed`.
fn mutations(files: &[FileDescriptorProto]) -> Result<String, Box<dyn Error>> {
    let methods: BTreeMap<&str, &str> = files
        .iter()
        .flat_map(|file| &file.service)
        .flat_map(|service| &service.method)
        .filter(|method| !method.client_streaming())
        .map(|method| (method.input_type(), method.name()))
        .collect();
    let mut code = String::new();
    for (package, message) in messages(files) {
        let path = rust_path(package, message);
        let method = methods.get(format!(".{package}.{}", message.name()).as_str());
        if let Some(method) = method.filter(|_| has(message, "request_id", Type::String)) {
            write!(
                code,
                "impl crate::MutationRequest for {path} {{
                     const METHOD: &'static str = {method:?};
                     fn take_request_id(&mut self) -> String {{ std::mem::take(&mut self.request_id) }}
                 }}\n"
            )?;
        }
        if has(message, "replayed", Type::Bool) {
            write!(
                code,
                "impl crate::Replayable for {path} {{
                     fn set_replayed(&mut self) {{ self.replayed = true; }}
                 }}\n"
            )?;
        }
    }
    Ok(code)
}

/// What every question for a page of a list has alike.
fn lists(files: &[FileDescriptorProto]) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for (package, message) in messages(files).filter(|(_, message)| has(message, "page_token", Type::String))
    {
        write!(
            code,
            "impl crate::ListRequest for {} {{
                 const LIST: &'static str = {:?};
                 fn page(&self) -> (i32, &str) {{ (self.page_size, &self.page_token) }}
                 fn without_page(&self) -> Self {{
                     let mut question = self.clone();
                     question.page_size = 0;
                     question.page_token.clear();
                     question
                 }}
             }}\n",
            rust_path(package, message),
            format!("{package}.{}", message.name()),
        )?;
    }
    Ok(code)
}

/// What every message with amounts in fen has alike.
fn amounts(files: &[FileDescriptorProto]) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for (package, message) in messages(files) {
        let amounts = message.field.iter().filter(|field| field.name().ends_with("_fen"));
        let amounts: Vec<String> = amounts.map(|field| format!("&mut self.{}", field.name())).collect();
        if !amounts.is_empty() {
            write!(
                code,
                "impl crate::Amounts for {} {{
                     fn amounts_mut(&mut self) -> Vec<&mut i64> {{ vec![{}] }}
                 }}\n",
                rust_path(package, message),
                amounts.join(", ")
            )?;
        }
    }
    Ok(code)
}

/// The paths of some methods, as a list.
fn paths(files: &[FileDescriptorProto], of: fn(&MethodDescriptorProto) -> bool) -> String {
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file, service)));
    let paths: Vec<String> = services
        .flat_map(|(file, service)| {
            let methods = service.method.iter().filter(move |method| of(method));
            methods.map(move |method| format!("/{}.{}/{}", file.package(), service.name(), method.name()))
        })
        .collect();
    format!("&{paths:?}")
}

/// Our own messages, with their packages.
fn messages(files: &[FileDescriptorProto]) -> impl Iterator<Item = (&str, &DescriptorProto)> {
    let own = files.iter().filter(|file| file.package().starts_with("yizhan."));
    own.flat_map(|file| file.message_type.iter().map(|message| (file.package(), message)))
}

fn rust_path(package: &str, message: &DescriptorProto) -> String {
    format!("crate{}::{}", package.trim_start_matches("yizhan").replace('.', "::"), message.name())
}

fn has(message: &DescriptorProto, name: &str, kind: Type) -> bool {
    message.field.iter().any(|field| field.name() == name && field.r#type() == kind)
}
