//! A feed as those follow it who own areas: services everything, agencies and departments what is theirs.

use futures::{Stream, StreamExt, future};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::reader::may_see_area;
use super::{Change, Feed};
use crate::{Caller, ServiceError};

impl Feed {
    /// Every change behind a token, in the order of commit, in the areas the caller may read, as `event` tells it with the
    /// token behind it, until `stopping`.
    ///
    /// # Errors
    /// `AREA_NOT_OWNED` for who owns no area, before anything is read; then those of [`Feed::follow`].
    pub async fn watch<T, E>(
        &self,
        resume_token: &str,
        caller: Caller,
        stopping: CancellationToken,
        event: E,
    ) -> Result<impl Stream<Item = Result<T, Status>> + Send + use<T, E>, ServiceError>
    where
        T: Send,
        E: Fn(&Change, String) -> Result<T, ServiceError> + Send,
    {
        if caller.readable_area().is_none() {
            return Err(may_not_follow());
        }
        let feed = self.clone();
        let changes = self.follow(&caller, resume_token, stopping).await?;
        Ok(changes.filter_map(move |change| {
            let told = match change {
                Ok(change) if !may_see_area(Some(&caller), &change) => None,
                Ok(change) => Some(event(&change, feed.token_behind(&change)).map_err(Status::from)),
                Err(error) => Some(Err(ServiceError::from(error).into())),
            };
            future::ready(told)
        }))
    }
}

/// The caller can see nothing of a feed.
pub fn may_not_follow() -> ServiceError {
    ServiceError::area_not_owned("").with_text("无权订阅变更")
}
