//! 权益: what persons see of their own register, whom they let look at it, and who did.

mod api;
mod authorize_look;
mod get_rights;
mod grant_access;
mod grants;
mod list_access_log;
mod list_grants;
mod look_up_by_grant;
mod messages;
mod verify_access_log;
mod view;
mod withdraw_grant;

pub use authorize_look::authorize_look;
pub use get_rights::get_rights;
pub use grant_access::grant_access;
pub use list_access_log::list_access_log;
pub use list_grants::list_grants;
pub use look_up_by_grant::look_up_by_grant;
pub use verify_access_log::verify_access_log;
pub use withdraw_grant::withdraw_grant;
