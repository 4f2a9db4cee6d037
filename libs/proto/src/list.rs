//! What the questions for a page of a list have alike. Implemented by the build for each message with a `page_token`.

use prost::Message;

/// A request for a page of a list.
pub trait ListRequest: Message {
    /// The message's full name, `yizhan.enrollment.v1.ListPersonsRequest`.
    const LIST: &'static str;

    /// How many rows, and behind which page.
    fn page(&self) -> (i32, &str);

    /// The question without its page: the same for every page of the list.
    #[must_use]
    fn without_page(&self) -> Self;
}

include!(concat!(env!("OUT_DIR"), "/lists.rs"));
