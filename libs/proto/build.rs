//! Compiles every `.proto` file under `proto/yizhan` with protox, so no protoc is ever installed. A new service only adds
//! files there; nothing here names a service.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

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

    tonic_prost_build::configure()
        .codec_path("crate::codec::ProtoCodec")
        .include_file("packages.rs")
        .compile_fds(compiler.file_descriptor_set())?;
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
