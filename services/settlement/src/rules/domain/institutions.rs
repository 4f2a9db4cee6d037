//! Contracts of institutions (医保协议), and drugs of two channels (双通道).

use yizhan_documents::rule;

use super::{Handling, handling};

rule! {
    /// What the contract of an institution, or the suspension of a department, does not let the funds pay. A visit that lies wholly on days
    /// without a contract is refused whatever the rule says, but for emergencies during a suspension.
    pub struct Contracts {
        /// 急诊抢救 while the contract is suspended.
        emergency: Handling = handling;
        /// A stay that began while the contract stood, and ended when it did not.
        open_stay: Handling = handling;
        /// Lines of a department on days on which it is suspended.
        department: Handling = handling;
    }
}

rule! {
    /// Drugs of two channels at a pharmacy: those that the catalogue marks [`DUAL_CHANNEL`], where the funds may pay (药店购药 by one's
    /// account, med_type 41, is none of them).
    pub struct DualChannel {
        /// At a pharmacy that is none of two channels.
        elsewhere: Handling = handling;
        /// At one that is, without the prescription and who wrote it.
        without_prescription: Handling = handling;
    }
}

/// The mark of the catalogue's entries for drugs of two channels.
pub const DUAL_CHANNEL: &str = "双通道";
