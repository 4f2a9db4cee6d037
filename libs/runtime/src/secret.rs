//! The secret of a service: 32 random bytes that its database holds, made once, the same for every process of the service and for a
//! database restored from its backup. What a service seals or digests for itself alone is under keys made of it.

mod table;

use sea_orm::{ConnectionTrait, DbErr};

pub use table::CreateServiceSecret;

use crate::vault::SecretKey;

/// The secret itself is never used: for each purpose there is a key of its own. Never printed.
#[derive(Clone, Debug)]
pub struct Secret(SecretKey);

impl Secret {
    /// That of the service with this database; the first process to ask makes it.
    ///
    /// # Errors
    /// Those of the database; a secret that is not 32 bytes long.
    pub async fn open<C: ConnectionTrait>(db: &C) -> Result<Secret, DbErr> {
        if table::read(db).await?.is_none() {
            table::make(db).await?;
        }
        let secret = table::read(db).await?;
        secret.map(Secret).ok_or_else(|| DbErr::RecordNotFound("service_secret".to_owned()))
    }

    /// The key for a purpose, from which neither the secret nor another key can be told.
    pub fn key(&self, purpose: &str) -> SecretKey {
        SecretKey::new(self.0.hmac(&[purpose.as_bytes()]))
    }
}
