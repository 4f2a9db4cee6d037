//! A feed as those follow it who own areas: services everything, agencies and departments what is theirs.

use futures::{Stream, StreamExt, future};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_terms::Area;

use super::{Change, Feed, Position};
use crate::{Caller, ServiceError};

impl Feed {
    /// Every change behind a token, in the order of commit, in the areas the caller may read, as `event` tells it, until `stopping`.
    ///
    /// # Errors
    /// `AREA_NOT_OWNED` for who owns no area, and where the token is none.
    pub fn watch<T, E>(
        &self,
        resume_token: &str,
        caller: Caller,
        stopping: CancellationToken,
        event: E,
    ) -> Result<impl Stream<Item = Result<T, Status>> + Send + use<T, E>, ServiceError>
    where
        T: Send,
        E: Fn(Change) -> Result<T, ServiceError> + Send,
    {
        if caller.readable_area().is_none() {
            return Err(no_area());
        }
        let changes = self.tail(Position::from_token(resume_token)?, stopping);
        Ok(changes.filter_map(move |change| {
            let told = match change {
                Ok(change) if !caller.may_read_area(Area::parse(&change.area)) => None,
                Ok(change) => Some(event(change).map_err(Status::from)),
                Err(error) => Some(Err(ServiceError::from(error).into())),
            };
            future::ready(told)
        }))
    }
}

fn no_area() -> ServiceError {
    ServiceError::area_not_owned("").with_text("没有辖区，无权订阅变更")
}
