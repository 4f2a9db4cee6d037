//! The third line of defence behind a feed: what is found, withdrawn, found again, and that it is the same however it was told.

mod chaos;
mod crash;
mod desk;
mod feed;
mod following;
