//! Signs a file with a key on a PKCS#11 token through the cryptoki crate.
//!
//! usage: cryptoki-sign MODULE TOKEN KEY rsa|pss|eddsa FILE SIGNATURE

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn open(library: &Pkcs11, token: &str) -> Result<Session> {
    for slot in library.get_slots_with_token()? {
        if library.get_token_info(slot)?.label() == token {
            let session = library.open_ro_session(slot)?;
            session.login(UserType::User, Some(&AuthPin::from("")))?;
            return Ok(session);
        }
    }
    Err(format!("no token {token}").into())
}

fn find(session: &Session, label: &str) -> Result<ObjectHandle> {
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Label(label.into()),
    ];
    let found = session.find_objects(&template)?;
    found
        .first()
        .copied()
        .ok_or(format!("no key {label}").into())
}

fn sign(session: &Session, key: ObjectHandle, scheme: &str, data: &[u8]) -> Result<Vec<u8>> {
    match scheme {
        "rsa" => {
            // In pieces, as with files of any size.
            session.sign_init(&Mechanism::Sha256RsaPkcs, key)?;
            for piece in data.chunks(65536) {
                session.sign_update(piece)?;
            }
            Ok(session.sign_final()?)
        }
        "pss" => {
            let parameters = PkcsPssParams {
                hash_alg: MechanismType::SHA256,
                mgf: PkcsMgfType::MGF1_SHA256,
                s_len: 32.into(),
            };
            Ok(session.sign(&Mechanism::Sha256RsaPkcsPss(parameters), key, data)?)
        }
        "eddsa" => {
            let parameters = EddsaParams::new(EddsaSignatureScheme::Ed25519);
            Ok(session.sign(&Mechanism::Eddsa(parameters), key, data)?)
        }
        _ => Err(format!("no scheme {scheme}").into()),
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let [module, token, key, scheme, file, signature] = arguments else {
        return Err("usage: cryptoki-sign MODULE TOKEN KEY rsa|pss|eddsa FILE SIGNATURE".into());
    };
    let data = fs::read(file)?;
    let library = Pkcs11::new(module)?;
    library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let session = open(&library, token)?;
    let key = find(&session, key)?;
    fs::write(signature, sign(&session, key, scheme, &data)?)?;
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cryptoki-sign: {error}");
            ExitCode::FAILURE
        }
    }
}
