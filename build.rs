//! Packs the built site (`tools/site.sh`) into the binary, compressed once and for all.
//!
//! Only a release build, or one with `BELLWETHER_EMBED=1`, pays for it: any other gets an empty
//! table and serves the site from disk.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    // Naming anything turns off cargo's default of watching the whole package.
    for name in ["BELLWETHER_EMBED", "BELLWETHER_SITE"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if env::var_os("CARGO_FEATURE_SSR").is_none() {
        return Ok(());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let files = if wanted()? { collect()? } else { Vec::new() };
    write_changed(&out.join("site.rs"), table(&files, &out)?.as_bytes())
}

/// Whether this build is one that ships or is tested as shipped.
fn wanted() -> Result<bool> {
    Ok(match env::var("BELLWETHER_EMBED") {
        Ok(asked) => asked == "1",
        Err(_) => env::var("PROFILE")? == "release",
    })
}

/// A file of the site: where it is served, and its bytes.
struct File {
    path: String,
    bytes: Vec<u8>,
}

/// Every file of the site in the order of its path, or none if the site has not been built.
fn collect() -> Result<Vec<File>> {
    let root = match env::var_os("BELLWETHER_SITE") {
        Some(site) => PathBuf::from(site),
        None => PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("target/site"),
    };
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    if root.join("pkg").is_dir() {
        walk(&root, "", &mut files)?;
    } else {
        println!("cargo:warning=no site at {}: run tools/site.sh first", root.display());
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "a file's name is not UTF-8")?;
        let path = format!("{prefix}/{name}");
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &path, files)?;
        } else {
            files.push(File { path, bytes: fs::read(entry.path())? });
        }
    }
    Ok(())
}

/// The Rust expression of the site: a `Site` with its assets.
fn table(files: &[File], out: &Path) -> Result<String> {
    let mut bundle = Fnv::default();
    let mut rows = String::new();
    for file in files {
        if file.path.starts_with("/pkg/") {
            bundle.update(file.path.as_bytes());
            bundle.update(&file.bytes);
        }
        let mut content = Fnv::default();
        content.update(&file.bytes);
        let keep = |kind: &str, bytes: &[u8]| -> Result<String> {
            let at = out.join(format!("{}.{kind}", content.hex()));
            write_changed(&at, bytes)?;
            Ok(format!("include_bytes!({at:?})"))
        };
        // Images do not shrink; the detour over an encoding would cost and bring nothing.
        let keep_if_smaller = |kind: &str, bytes: Vec<u8>| -> Result<String> {
            let worth = bytes.len() * 10 < file.bytes.len() * 9;
            Ok(if worth { format!("Some({})", keep(kind, &bytes)?) } else { "None".into() })
        };
        let identity = keep("raw", &file.bytes)?;
        let br = keep_if_smaller("br", brotli(&file.bytes)?)?;
        let gzip = keep_if_smaller("gz", gzip(&file.bytes)?)?;
        let (path, etag) = (&file.path, content.hex());
        writeln!(
            rows,
            "Asset {{ path: {path:?}, etag: {etag:?}, identity: {identity}, br: {br}, gzip: {gzip} }},"
        )?;
    }
    let hash = if files.is_empty() { String::new() } else { bundle.hex() };
    Ok(format!("Site {{ hash: {hash:?}, assets: &[{rows}] }}"))
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    // The highest takes by far the longest; only what ships is worth that.
    let quality = if env::var("PROFILE")? == "release" { 11 } else { 5 };
    let params = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Leaves a file alone that already says so: a new time stamp would recompile the crate.
fn write_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    Ok(fs::write(path, bytes)?)
}

/// FNV-1a with 128 bits: tells versions of a file apart. Nobody gains by forging one.
struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte))
                .wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    /// Half of it, so that addresses stay readable.
    fn hex(&self) -> String {
        format!("{:016x}", (self.0 >> 64) as u64 ^ self.0 as u64)
    }
}
