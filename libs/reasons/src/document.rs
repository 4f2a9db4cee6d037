//! What can be wrong with a document.

macro_rules! faults {
    ($($variant:ident = $code:literal, $doc:literal;)+) => {
        /// What can be wrong with a document of policies or rules (docs/POLICY.md, what the loader checks).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DocumentFault { $(#[doc = $doc] $variant,)+ }

        impl DocumentFault {
            /// Every fault.
            pub const ALL: &'static [DocumentFault] = &[$(DocumentFault::$variant,)+];

            /// The stable code, for machines.
            pub const fn code(self) -> &'static str {
                match self { $(DocumentFault::$variant => $code,)+ }
            }

            /// What it means, for developers.
            pub const fn means(self) -> &'static str {
                match self { $(DocumentFault::$variant => $doc,)+ }
            }
        }
    };
}

faults! {
    Syntax = "YAML_SYNTAX", "Not YAML, or not JSON where a command reads cases of JSON.";
    Unsupported = "YAML_UNSUPPORTED", "YAML that these documents do not use: anchors, tags, several documents.";
    TooLarge = "TOO_LARGE", "Beyond a limit of size, depth or number.";
    DuplicateKey = "DUPLICATE_KEY", "The same key twice in one mapping.";
    UnknownKey = "UNKNOWN_KEY", "A key the form does not know.";
    MissingKey = "MISSING_KEY", "A key that must be there is not.";
    ConflictingKeys = "CONFLICTING_KEYS", "Keys that exclude each other.";
    WrongType = "WRONG_TYPE", "A list where a mapping should be, a number where a text should be …";
    InvalidValue = "INVALID_VALUE", "A date, name, code or number that is not written as one.";
    EmptyList = "EMPTY_LIST", "A list without entries.";
    DuplicateValue = "DUPLICATE_VALUE", "The same value twice in one list.";
    UnknownCode = "UNKNOWN_CODE", "Not a value of the dictionary.";
    FundMismatch = "FUND_MISMATCH", "The fund code does not belong to the payer.";
    UnknownSource = "UNKNOWN_SOURCE", "A source that is not declared.";
    UnusedSource = "UNUSED_SOURCE", "A source that nothing cites.";
    UnknownAccumulator = "UNKNOWN_ACCUMULATOR", "An accumulator that is not declared.";
    UnusedAccumulator = "UNUSED_ACCUMULATOR", "An accumulator that nothing reads.";
    AccumulatorNotFed = "ACCUMULATOR_NOT_FED", "A layer reads an accumulator that nobody feeds.";
    UnitMismatch = "UNIT_MISMATCH", "An accumulator of visits used for money, or the reverse.";
    UsedMissing = "USED_MISSING", "A yearly limit without the accumulator that holds what was used of it.";
    UnknownLayer = "UNKNOWN_LAYER", "A layer that does not exist.";
    ForwardReference = "FORWARD_REFERENCE", "A layer that has not paid yet.";
    DuplicateLayer = "DUPLICATE_LAYER", "Two layers of one name.";
    DatesReversed = "DATES_REVERSED", "The end lies before the beginning.";
    OutsidePeriod = "OUTSIDE_PERIOD", "Dates outside those of the document or layer around them.";
    TableGap = "TABLE_GAP", "Days for which a table has no version.";
    TableOverlap = "TABLE_OVERLAP", "Days for which a table has two versions.";
    OverlappingRows = "OVERLAPPING_ROWS", "Two rows of equal rank that can match the same case.";
    UnreachableRow = "UNREACHABLE_ROW", "Conditions that no case can meet.";
    RangeReversed = "RANGE_REVERSED", "A range whose end lies below its beginning.";
    BandsOutOfOrder = "BANDS_OUT_OF_ORDER", "Bands that do not rise, or follow an unbounded one.";
    RatioNotPercent = "RATIO_NOT_PERCENT", "A ratio without its percent sign.";
    RatioOutOfRange = "RATIO_OUT_OF_RANGE", "A ratio outside 0–100 %.";
    PointsOutOfRange = "POINTS_OUT_OF_RANGE", "Points outside ±100.";
    NegativeAmount = "NEGATIVE_AMOUNT", "An amount below zero.";
    LumpSumUnbounded = "LUMP_SUM_UNBOUNDED", "A lump sum that would be paid again at every visit.";
    RemoteTwice = "REMOTE_TWICE", "The filing register's rule would take effect twice.";
    NotAPart = "NOT_A_PART", "A quantity that is not a part of the bill.";
    MisplacedCondition = "MISPLACED_CONDITION", "A condition that cannot be asked here.";
    PoliciesOverlap = "POLICIES_OVERLAP", "Two documents for one area, scheme and day.";
    NotBeside = "NOT_BESIDE", "A product and a document it stands beside do not go together: a name that both have, a layer that is not there.";
    AccumulatorLost = "ACCUMULATOR_LOST", "An accumulator of a policy version before is neither declared nor named in `renames`: the limit of the year would open again.";
    AccumulatorDiffers = "ACCUMULATOR_DIFFERS", "Two documents of one area declare one accumulator differently.";
    CoversDiffers = "COVERS_DIFFERS", "`covers` leaves out care that a layer names, or care stands both there and in `not_published`.";
    NotUtf8 = "NOT_UTF8", "The file is not UTF-8 (GBK, most often): save it as UTF-8.";
    FullWidthSign = "FULL_WIDTH_SIGN", "A sign of a Chinese keyboard where YAML has one of its own: told where it stands, with what to write.";
    FileUnreadable = "FILE_UNREADABLE", "The file cannot be read.";
    FundOfOtherScheme = "FUND_OF_OTHER_SCHEME", "A layer pays from the fund of another scheme. Refused when published; a document that was stays readable.";
    PaidAgain = "PAID_AGAIN", "A warning: a layer's base counts cost that an earlier layer may have paid.";
    LimitPerMissing = "LIMIT_PER_MISSING", "A warning: a limit does not say `per: visit` or `per: year`.";
    CareNotSaid = "CARE_NOT_SAID", "A warning: cases of this care are refused, for no layer covers it and neither `covers` nor `not_published` says it.";
    TableHole = "TABLE_HOLE", "A warning: a case that reaches the table meets none of its rows, and would be refused.";
    LayerHole = "LAYER_HOLE", "A warning: basic insurance pays for this care, and none of its layers applies to such a case: it would pay nothing, and what comes after would pay in its place.";
    CountedTwice = "COUNTED_TWICE", "A warning: a base counts the same cost twice, or takes a payment away that is taken away already.";
    FeedDiffers = "FEED_DIFFERS", "A warning: a layer does not feed an accumulator what it reads it as, or an accumulator adds up two kinds of things.";
    DoubtfulName = "DOUBTFUL_NAME", "A warning: an identity, membership, diagnosis, disease, label or tag that looks like a slip: near another name, or not written as such names are.";
    FirstClassPrepaid = "FIRST_CLASS_PREPAID", "A warning: `class_prepay` takes 先行自付 of class 甲, which has none.";
    LimitBelowDeductible = "LIMIT_BELOW_DEDUCTIBLE", "A warning: a limit of what is paid lies below the lowest deductible of its layer.";
    RowFarOff = "ROW_FAR_OFF", "A warning: a value is ten times off the values of the rows beside it: a decimal point, or 万.";
    NoPolicyYear = "NO_POLICY_YEAR", "A warning: a case's totals stand under a day on which no policy year begins, and count for nothing.";
    EverybodyRefused = "EVERYBODY_REFUSED", "A warning: every case of a kind of care that a layer pays for is refused, for a value it needs is `unknown`.";
    UnknownName = "UNKNOWN_NAME", "A warning: a case names what the policy does not ask for: an accumulator, membership, identity, label or tag.";
    StatusOfOtherScheme = "STATUS_OF_OTHER_SCHEME", "A warning: a row, or a case's person, has a status that nobody of the scheme has.";
    PrepayOfSelfPaid = "PREPAY_OF_SELF_PAID", "A warning: a line of class 丙 states a prepay, and is paid by the person whole.";
    LineAmountDiffers = "LINE_AMOUNT_DIFFERS", "A warning: a line's quantity × price is not its amount.";
}

impl DocumentFault {
    /// Whether it only warns: the document can be used and published, unless whoever checks it asks for more.
    pub const fn is_warning(self) -> bool {
        use DocumentFault::*;
        matches!(
            self,
            PaidAgain
                | LimitPerMissing
                | CareNotSaid
                | TableHole
                | LayerHole
                | CountedTwice
                | FeedDiffers
                | DoubtfulName
                | FirstClassPrepaid
                | LimitBelowDeductible
                | RowFarOff
                | NoPolicyYear
                | EverybodyRefused
                | UnknownName
                | StatusOfOtherScheme
                | PrepayOfSelfPaid
                | LineAmountDiffers
        )
    }
}
