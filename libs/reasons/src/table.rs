//! Every reason, once: its name on the wire, how it is told, its Chinese text, where it comes from, what it means, and for refusals what to do
//! and whether a retry helps. docs/ERRORS.md is written from this table.

use crate::{ErrorKind, Told};

macro_rules! reasons {
    ($(section $section:literal { $(
        $variant:ident: $code:literal, $told:ident $(($kind:ident))?, $text:literal, $from:literal, $means:literal
        $(, $cure:literal, $retry:literal)?;
    )+ })+) => {
        /// Why something is refused, or a field is wrong: stable, and the same word wherever it is said.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $means] $variant,)+)+
            /// A document of policies or rules is wrong.
            Document(crate::DocumentFault),
        }

        impl Reason {
            /// Every reason but those of documents, in the order of the page.
            pub const ALL: &'static [Reason] = &[$($(Reason::$variant,)+)+];

            /// What is to be known of it; `None` for those of documents.
            pub const fn entry(self) -> Option<&'static Entry> {
                match self {
                    $($(Reason::$variant => Some(&Entry {
                        code: $code,
                        told: Told::$told $((ErrorKind::$kind))?,
                        text: $text,
                        section: $section,
                        from: $from,
                        means: $means,
                        cure: concat!($($cure)?),
                        retry: concat!($($retry)?),
                    }),)+)+
                    Reason::Document(_) => None,
                }
            }
        }
    };
}

/// What is to be known of a reason.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name on the wire, UPPER_SNAKE.
    pub code: &'static str,
    /// How it is told.
    pub told: Told,
    /// What people read, in zh-CN, where nothing more particular is said.
    pub text: &'static str,
    /// The part of the page it stands in.
    pub section: &'static str,
    /// Calls that give it, or fields it is said of.
    pub from: &'static str,
    /// What it means, for developers.
    pub means: &'static str,
    /// What to do; empty where `means` says it.
    pub cure: &'static str,
    /// Whether a retry helps; empty for what is no refusal.
    pub retry: &'static str,
}

reasons! {
    section "Everywhere, and of settlement and the register" {
        InvalidRequest: "INVALID_REQUEST", Refusal(InvalidArgument), "请求有错误",
            "all",
            "fields are wrong; see the next table", "correct all of them", "no";
        Internal: "INTERNAL", Refusal(Internal), "系统内部错误，请稍后重试",
            "all",
            "our mistake; `error_id` names the log line", "tell the operator the `error_id`", "same `request_id`, once";
        CallerMissing: "CALLER_MISSING", Refusal(Unauthenticated), "缺少调用方身份",
            "all",
            "nothing says who calls: no `yizhan-caller` where it is believed, no token where one is wanted, no caller from a gateway", "say it as this server wants it; or correct the gateway", "no";
        CallerMalformed: "CALLER_MALFORMED", Refusal(Unauthenticated), "无法识别调用方身份",
            "all",
            "the metadata entry `yizhan-caller` is believed here and does not name one caller", "correct the gateway", "no";
        CallerUnknown: "CALLER_UNKNOWN", Refusal(Unauthenticated), "证书未登记为任何调用方，请联系平台运维人员登记",
            "all",
            "the certificate is good, and no rule of `server.callers` says whose it is, or two say different callers", "have the name in the certificate entered there", "no";
        CallerDisagrees: "CALLER_DISAGREES", Refusal(Unauthenticated), "证书、令牌与声明的调用方身份不一致",
            "all",
            "certificate, token and `yizhan-caller` name different callers; or a gateway speaks for a service of the platform", "leave `yizhan-caller` out, or say the same", "no";
        TokenExpired: "TOKEN_EXPIRED", Refusal(Unauthenticated), "访问令牌已过期，请重新获取后重试",
            "all",
            "the token has ended, by more than `server.jwt_leeway_seconds`", "get a new one", "yes, with a new token";
        TokenInvalid: "TOKEN_INVALID", Refusal(Unauthenticated), "访问令牌无效",
            "all",
            "the token is not accepted; `why` says `malformed`, `algorithm`, `key`, `signature`, `issuer`, `audience`, `not yet` or `caller`", "correct what makes tokens", "no";
        TokenKeysAway: "TOKEN_KEYS_AWAY", Refusal(Unavailable), "暂时无法核验访问令牌，请稍后重试",
            "all",
            "the keys at `server.jwt_jwks` could not be had since the start", "wait", "yes";
        AreaNotHere: "AREA_NOT_HERE", Refusal(FailedPrecondition), "该统筹区的业务不由本分片办理，请按统筹区路由后重新提交",
            "all",
            "`area` is none of `server.areas` of this deployment's shard (metadata `here`); `field` says where it stands in the request, without it it is the person's, the record's, or what `yizhan-area` says. Nothing was done", "send it with `yizhan-area` of that area, to the address that routes by it", "no, not here";
        Overloaded: "OVERLOADED", Refusal(ResourceExhausted), "系统繁忙，请稍后重试",
            "all",
            "more requests at once than `server.max_concurrent_requests`, or than are answered in time at present, or more of this caller than its share of them; or, where many are busy, requests of this kind take longer than this one is waited for (`grpc-timeout`). Nothing was done", "wait", "yes, after 0.5 s";
        RequestIncomplete: "REQUEST_INCOMPLETE", Refusal(ResourceExhausted), "请求未在规定时间内传完，未作处理，请重新发送",
            "all",
            "the message of the request did not arrive whole in 10 seconds; nothing was done", "send it again", "yes";
        AnswerLate: "ANSWER_LATE", Refusal(Unavailable), "未能在规定时间内处理完毕，结果未知，请以同一报文ID重试",
            "all",
            "no answer within `server.request_seconds`; whether it was done is not known", "repeat", "yes, same `request_id`";
        CallerDeadline: "CALLER_DEADLINE", Refusal(DeadlineExceeded), "超过调用方设定的时限，结果未知，请以同一报文ID重试",
            "all",
            "no answer within the caller's own `grpc-timeout`; whether it was done is not known", "allow more time, and repeat", "yes, same `request_id`";
        TooManyFollowers: "TOO_MANY_FOLLOWERS", Refusal(ResourceExhausted), "订阅数已达上限，请稍后重试",
            "WatchRegister, WatchFilings, WatchSettlements",
            "the caller, or everybody together, has as many streams of this feed as one process allows ([LIMITS.md](LIMITS.md))", "close streams that are not needed: one is enough for a follower", "yes, after 5 s";
        DatabaseUnavailable: "DATABASE_UNAVAILABLE", Refusal(Unavailable), "数据库暂不可用，请稍后重试",
            "all",
            "the database is away. Whether a change was made is not known", "wait", "yes, same `request_id`";
        ConcurrentChange: "CONCURRENT_CHANGE", Refusal(Aborted), "数据正被其他请求修改，请重试",
            "all",
            "others changed the same person's data, again and again", "repeat", "yes, same `request_id`";
        RequestIdReused: "REQUEST_ID_REUSED", Refusal(AlreadyExists), "该报文ID已用于内容不同的请求，请更换后重试",
            "all",
            "the `request_id` was used for another request", "a new id for a new request; the very same bytes for a retry", "no";
        EnrollmentAway: "ENROLLMENT_AWAY", Refusal(Unavailable), "参保服务暂不可用，本次操作未生效，请稍后重试",
            "Preview, Settle, reading what has to be logged, SubmitFiling; FindFiling by who is no service",
            "enrollment did not answer within its deadline; nothing was written", "wait", "yes";
        CreditAway: "CREDIT_AWAY", Refusal(Unavailable), "信用评价服务暂不可用，本次操作未生效，请稍后重试",
            "FreezeList by grade, Defer; `refusal` of GetPayLater",
            "credit did not answer within its deadline, or the service is not told where it is; nothing was written", "wait", "yes";
        FilingAway: "FILING_AWAY", Refusal(Unavailable), "异地就医备案服务暂不可用，本次操作未生效，请稍后重试",
            "Preview, Settle of care outside the pooling area (and at home where the policy says `filing_at_home`)",
            "filing did not answer within its deadline; nothing was written", "wait", "yes";
        PersonUnknown: "PERSON_UNKNOWN", Refusal(NotFound), "未查询到该人员编号",
            "enrollment, filing, Preview, Settle; as a violation: imports of enrollment, RecordContributions, RegisterNewborn",
            "nobody registered has this `psn_no`, or the caller may not know of them", "check the number", "no";
        PersonMerged: "PERSON_MERGED", Refusal(FailedPrecondition), "该人员编号已合并，请使用合并后的人员编号",
            "enrollment, filing, Preview, Settle",
            "the record was merged into another; `merged_into`", "use that `psn_no`", "no";
        NotEntitled: "NOT_ENTITLED", Refusal(FailedPrecondition), "就诊当日不享受医保待遇",
            "Preview, Settle, SubmitFiling",
            "not entitled on any day of the visit (`why` is of its last), or on the day of filing; `why` (below), `as_of`, `way_out`", "follow `way_out`", "no";
        ChangedInStay: "CHANGED_IN_STAY", Refusal(FailedPrecondition), "住院期间参保信息有变更，请按变更日期分段结算",
            "Preview, Settle",
            "`what` (insutype, poolarea_no, psn_type, identity) changes on `since` in the middle of the stay, and the area that pays does not say whose rules count", "settle the days before and from `since` as two visits", "no";
        SchemeOfStay: "SCHEME_OF_STAY", Refusal(FailedPrecondition), "住院期间险种有变更，请按应结算的险种申报",
            "Preview, Settle",
            "the scheme changes in the middle of the stay, and the one that counts (`insutype`; of admission, where the area's policy says nothing else) is not that of the visit", "report the visit under `insutype`", "no";
        NotSettledDirectly: "NOT_SETTLED_DIRECTLY", Refusal(FailedPrecondition), "本次异地就医不能直接结算",
            "Preview, Settle",
            "filing does not let this visit be settled directly; `why` (`FILING_REQUIRED`, `FILING_NOT_DECIDED`, `FILING_LAPSED`, `MATERIALS_OUTSTANDING`, `RETURNING_NOT_DIRECT`, `TREATMENT_NOT_PUBLISHED`), `why_text` and `way_out` in Chinese", "follow `way_out`; filed before discharge, the same request is settled", "after that";
        PersonVersionStale: "PERSON_VERSION_STALE", Refusal(FailedPrecondition), "参保信息已变更，请重新查询待遇",
            "Settle",
            "the register has moved on since the `person_version` given; `known`, `current`", "ask eligibility again", "no";
        PsnTypeUnsupported: "PSN_TYPE_UNSUPPORTED", Refusal(FailedPrecondition), "该人员类别没有对应的待遇政策",
            "Preview, Settle",
            "a `psn_type` that no policy distinguishes", "correct the register", "no";
        InstitutionNotOwn: "INSTITUTION_NOT_OWN", Refusal(PermissionDenied), "不是本机构的业务",
            "Preview, Settle, Reverse, reconciliation",
            "the visit or settlement is another institution's", "call as that institution", "no";
        FeesUploaded: "FEES_UPLOADED", Refusal(AlreadyExists), "费用明细流水号已上传",
            "UploadFees",
            "lines of the institution have these numbers already; `feedetl_sn`, `lines`", "leave them out; to change a line, cancel it and bring it again", "no";
        FeesTooMany: "FEES_TOO_MANY", Refusal(FailedPrecondition), "一次就诊的费用明细过多",
            "UploadFees, Preview, Settle",
            "more lines of a visit than can be kept, or than one settlement takes; `limit`, `lines`", "settle the stay in parts", "no";
        FeesSettled: "FEES_SETTLED", Refusal(FailedPrecondition), "费用明细已结算，不能撤销或退单",
            "UploadFees, CancelFees",
            "a standing settlement holds the line; `feedetl_sn`, `setl_id`", "reverse the settlement first", "after that";
        FeesChanged: "FEES_CHANGED", Refusal(Aborted), "费用明细刚刚变更，请重新预结算",
            "Settle",
            "lines of the visit were brought, taken back or settled while it was being settled", "look at the lines, preview again", "yes";
        FeeUnknown: "FEE_UNKNOWN", Refusal(NotFound), "未查到该费用明细",
            "CancelFees, Preview, Settle",
            "no line of the visit has this number, or the visit has no line that is not settled; `feedetl_sn`", "check the number", "no";
        VisitOfAnother: "VISIT_OF_ANOTHER", Refusal(FailedPrecondition), "该就诊已有他人的费用明细",
            "UploadFees, Preview, Settle",
            "the lines of the visit are another person's; `mdtrt_id`", "check 就诊ID and 人员编号", "no";
        InstitutionUnknown: "INSTITUTION_UNKNOWN", Refusal(NotFound), "未查到该定点医药机构",
            "GetInstitution; as a violation: visit",
            "no such institution", "check the code", "no";
        InstitutionSuspended: "INSTITUTION_SUSPENDED", Refusal(FailedPrecondition), "该机构医保协议已中止，不能联网结算",
            "Preview, Settle",
            "the contract of the institution is suspended on a day of the visit, and the rule of its area does not let it be settled (docs/SETTLING.md); `day`: the first such day, `since`, `way_out` in Chinese", "follow `way_out`", "no";
        InstitutionNotSigned: "INSTITUTION_NOT_SIGNED", Refusal(FailedPrecondition), "该机构当日不在医保协议期内，不能联网结算",
            "Preview, Settle",
            "the contract of the institution had not begun or has ended on a day of the visit; `day`: the first such day, `since`, `way_out` in Chinese", "follow `way_out`", "no";
        ContractStatusKnown: "CONTRACT_STATUS_KNOWN", Refusal(AlreadyExists), "已有相同的协议状态记录",
            "RecordContractStatus",
            "the same status of the same days stands already; `status_id`", "nothing; or withdraw it first", "no";
        ContractStatusUnknown: "CONTRACT_STATUS_UNKNOWN", Refusal(NotFound), "未查到该协议状态记录",
            "WithdrawContractStatus",
            "no such status of this institution", "list them", "no";
        ContractStatusWithdrawn: "CONTRACT_STATUS_WITHDRAWN", Refusal(FailedPrecondition), "该协议状态记录已撤销",
            "WithdrawContractStatus",
            "the status was withdrawn before", "nothing", "no";
        ItemUnknown: "ITEM_UNKNOWN", Refusal(NotFound), "医保目录中当日无此项目",
            "GetCatalogueItem; as a violation: lines",
            "no entry holds there on that day", "check code, area, level and day", "no";
        PolicyNotInForce: "POLICY_NOT_IN_FORCE", Refusal(FailedPrecondition), "该统筹区当日没有生效的待遇政策",
            "Preview, Settle",
            "no policy of the area and scheme is in force on a day that counts; `poolarea_no`, `insutype`, `day`", "publish one", "no";
        RulesNotInForce: "RULES_NOT_IN_FORCE", Refusal(FailedPrecondition), "该地区当日没有生效的备案规则",
            "filing; Preview, Settle of care outside the pooling area",
            "no filing rules are known for the home area on a day that counts (the national ones hold since 2023-01-01); `family`, `area`, `day`", "settle by hand; or publish rules", "no";
        PolicyNoRule: "POLICY_NO_RULE", Refusal(FailedPrecondition), "待遇政策没有适用于本次就诊的规定",
            "Preview, Settle",
            "no row of `table` matches this case", "the policy officer completes the table", "no";
        PolicyValueUnknown: "POLICY_VALUE_UNKNOWN", Refusal(FailedPrecondition), "公布的政策未给出所需数值，不能结算",
            "Preview, Settle",
            "the source of the policy does not give the value this case needs; `table`", "the policy officer finds the value; nothing is guessed", "no";
        CareNotCovered: "CARE_NOT_COVERED", Refusal(FailedPrecondition), "待遇政策没有写明此类医疗（住院、门诊、慢特病等）的待遇，不能结算",
            "Preview, Settle",
            "no layer of the policy covers this kind of care, and its `covers` does not name it: nothing would have been paid without a word; `care`", "the policy officer writes the layer, `covers` or `not_published`", "no";
        CareNotPublished: "CARE_NOT_PUBLISHED", Refusal(FailedPrecondition), "公布的文件未给出此类医疗的待遇，不能结算",
            "Preview, Settle",
            "the policy says that its papers did not publish what this kind of care is paid (`not_published`); `care`", "the policy officer finds what was published; nothing is guessed", "no";
        PolicyAmbiguous: "POLICY_AMBIGUOUS", Refusal(FailedPrecondition), "政策表中有两行同时适用",
            "`yizhan settle`",
            "two rows of equal rank match: a defect of the loader. Over gRPC it is `INTERNAL`", "report it", "no";
        CaseMalformed: "CASE_MALFORMED", Refusal(FailedPrecondition), "费用明细不能按目录拆分",
            "Preview, Settle",
            "a line cannot be split: its 先行自付 is given neither by the catalogue nor by the policy, or is no ratio; or what the filing register answered (`visit.remote`) is out of range, cites nothing, or is given for care at home; `field`", "complete catalogue, policy or filing rule", "no";
        RemoteNotPlaced: "REMOTE_NOT_PLACED", Refusal(FailedPrecondition), "待遇政策没有规定异地就医待遇在本次就诊的何处执行",
            "Preview, Settle",
            "the filing register says what to apply to this visit away from home, and the policy has no place for it in a layer that applies; `treatment`, `rule`", "the policy officer says where it takes effect, or `remote: none`", "no";
        RemoteRuleMissing: "REMOTE_RULE_MISSING", Refusal(FailedPrecondition), "异地就医待遇须由备案登记核定，本次就诊没有核定结果",
            "Preview, Settle",
            "the policy leaves care away from home to the filing register, and no rule of it is at hand; `filing`", "the filing rules of the home area are completed", "no";
        NoPolicy: "NO_POLICY", Refusal(FailedPrecondition), "没有适用的待遇政策",
            "`yizhan settle`",
            "no document for the area, scheme and day. Over gRPC it is `POLICY_NOT_IN_FORCE`", "give the document", "no";
        QuoteExpired: "QUOTE_EXPIRED", Refusal(FailedPrecondition), "报价已过期，请重新预结算",
            "Settle",
            "the quote is older than its time", "preview again", "no";
        QuoteChanged: "QUOTE_CHANGED", Refusal(FailedPrecondition), "金额与报价不同，请重新预结算",
            "Settle",
            "the amounts are no longer the quoted ones; `changed` lists of person, policy, catalogue, accumulators, account, filing; `<amount>.quoted`, `<amount>.now`; of a filing `filing.quoted`, `filing.now`: class and treatment, `temporary prepay 0.2`", "show the new amounts: preview again", "no";
        VisitSettled: "VISIT_SETTLED", Refusal(AlreadyExists), "该次就诊已经结算，不能重复结算",
            "Preview, Settle, RecordManualPayment",
            "a settlement of this visit (institution, `mdtrt_id`) stands, or of this part of a stay (`mid_setl_flag`: the same last day): `setl_id`; `feedetl_sn` names the first lines that stand too, `lines` counts them", "ask for that settlement (GetSettlement, or Settle with its request_id); to settle anew reverse it first", "after the reversal";
        PartOutOfOrder: "PART_OUT_OF_ORDER", Refusal(FailedPrecondition), "中途结算的截止日期不能早于已有的中途结算",
            "Preview, Settle",
            "the last day is before that of a part of the stay that stands: `setl_id`, its `enddate`", "settle with that day or a later one, or reverse that part first", "no";
        PartDiffers: "PART_DIFFERS", Refusal(FailedPrecondition), "与该次住院已有的中途结算不一致",
            "Preview, Settle",
            "a part of the stay stands with another `begndate`, `insutype`, `med_type` or `poolarea_no`: `differs` names them, `setl_id` the part; each is told as it is there", "report the stay as in its first part: `begndate` is the day of admission in all of them; or reverse the parts, the last first", "no";
        PartsTooMany: "PARTS_TOO_MANY", Refusal(FailedPrecondition), "中途结算次数过多",
            "Preview, Settle",
            "the stay has as many parts as it may; `limit`", "settle it without `mid_setl_flag`", "no";
        LineSettled: "LINE_SETTLED", Refusal(AlreadyExists), "有费用明细已经结算，不能重复结算",
            "Preview, Settle",
            "lines (institution, `feedetl_sn`) stand in another settlement: `setl_id`, `mdtrt_id` of the first, `feedetl_sn` the first lines, `lines` how many", "leave them out, or reverse that settlement first; numbers of lines are the institution's, not the visit's", "after that";
        VisitsOverlap: "VISITS_OVERLAP", Refusal(FailedPrecondition), "该参保人同一时间已有其他就诊结算，不能直接结算",
            "Preview, Settle",
            "another visit of the person on the same days stands, and the policy of the area refuses that ([POLICY.md](POLICY.md#visits-on-the-same-days)): `setl_id`, `fixmedins_code`, `med_type`, `begndate`, `enddate`, the days in both", "correct the days; or the other settlement is reversed first; or settle by hand", "after that";
        MovedInYear: "MOVED_IN_YEAR", Refusal(FailedPrecondition), "该参保人本年度在其他统筹区已有累计，按本统筹区规定不能直接结算",
            "Preview, Settle",
            "the person moved within the policy year, and the area's rule `moves` ([SETTLING.md](SETTLING.md#movers)) refuses what it does not count of the other area's books: `poolarea_no`, `rule`", "settle by hand; or the agency publishes what counts", "no";
        SettlementUnknown: "SETTLEMENT_UNKNOWN", Refusal(NotFound), "未查到该结算",
            "reading, Reverse, FindLaterVisits, Resettle",
            "no such settlement, or not the caller's to see, or not this person's", "check the id", "no";
        BalanceTooLow: "BALANCE_TOO_LOW", Refusal(FailedPrecondition), "个人账户余额不足",
            "PayContribution, CancelAccountBooking",
            "the account does not hold so much; `balc_fen` is what it holds, `moved_to` the area to which a transfer took it", "pay less, or reverse first what the deposit paid", "no";
        BookingUnknown: "BOOKING_UNKNOWN", Refusal(NotFound), "未查到该账户记录",
            "CancelAccountBooking", "no such booking on this account", "check the id, the person and the area", "no";
        BookingCancelled: "BOOKING_CANCELLED", Refusal(FailedPrecondition), "该账户记录已撤销",
            "CancelAccountBooking", "it was taken back before", "nothing", "no";
        BookingOfTransfer: "BOOKING_OF_TRANSFER", Refusal(FailedPrecondition), "该账户记录由关系转移接续产生，请反向办理转移",
            "CancelAccountBooking", "a transfer (`transfer_id`) moved the balance", "a transfer back moves it back", "no";
        ContributionPaid: "CONTRIBUTION_PAID", Refusal(FailedPrecondition), "该参保人该年度的居民医保费已由个人账户缴纳",
            "PayContribution", "`booking_id` paid it and stands", "nothing, or cancel that one first", "no";
        WorkItemUnknown: "WORK_ITEM_UNKNOWN", Refusal(NotFound), "未查到该核查事项",
            "GetWorkItem, CloseWorkItem",
            "no such item, or not of an area of the caller's", "check the id", "no";
        WorkItemNotOpen: "WORK_ITEM_NOT_OPEN", Refusal(FailedPrecondition), "该核查事项已办结",
            "CloseWorkItem",
            "the item was closed, by `closed_by`, or taken off because the change was undone; `state`", "nothing", "no";
        AlreadyReversed: "ALREADY_REVERSED", Refusal(FailedPrecondition), "该结算已撤销",
            "Reverse",
            "`reversal_setl_id` reversed it; `replaced_by_setl_id` took its place, where it was settled again by Resettle", "nothing; what took its place is reversed under its own id", "no";
        IsAReversal: "IS_A_REVERSAL", Refusal(FailedPrecondition), "撤销单不能再撤销，请重新结算",
            "Reverse, FindLaterVisits, Resettle",
            "a reversal is not reversed", "settle again", "no";
        LaterSettlementsStand: "LATER_SETTLEMENTS_STAND", Refusal(FailedPrecondition), "该参保人有之后的住院结算，请先从最近一次起依次撤销",
            "Reverse",
            "later stays of the person stand: `later_setl_ids`", "reverse them first, the latest first; or Resettle, which reverses this one and settles the later ones again", "after that";
        OthersVisitsTouched: "OTHERS_VISITS_TOUCHED", Refusal(PermissionDenied), "该参保人之后的就诊涉及其他机构，请由参保地经办机构办理重新结算",
            "Resettle",
            "`count` later visits at other institutions would be settled again", "the agency of the area that paid resettles", "no";
        LaterVisitsDiffer: "LATER_VISITS_DIFFER", Refusal(FailedPrecondition), "需重新结算的就诊与所列不一致，请重新查询",
            "Resettle",
            "`later_setl_ids` are not those that have to be settled again now: `missing`, `surplus`", "FindLaterVisits, and name all of them; or none", "after that";
        ResettleBlocked: "RESETTLE_BLOCKED", Refusal(FailedPrecondition), "之后的就诊中有无法重新结算的，请逐笔撤销后重结",
            "Resettle",
            "`setl_ids` cannot be settled again by us, or stand between and cannot be moved; `why` of the first (of FindLaterVisits), or `TOO_MANY` beyond `limit`", "cancel manual payments and reverse by hand, the latest first, and settle again", "after that";
        IsAResettlement: "IS_A_RESETTLEMENT", Refusal(FailedPrecondition), "该报文为重新结算，不能整笔冲正，请逐笔撤销",
            "ReverseMessage",
            "`omsgid` is a Resettle, which settled several visits again", "Reverse what it settled, the latest first", "no";
        MessageReversed: "MESSAGE_REVERSED", Refusal(FailedPrecondition), "该报文已冲正，请更换报文ID重新结算",
            "Settle, Reverse, Resettle",
            "ReverseMessage (2601) took this `request_id` before the message arrived", "send what is to be settled under a new `request_id`", "no";
        PaidByHand: "PAID_BY_HAND", Refusal(FailedPrecondition), "该笔为手工报销，由经办机构办理",
            "Reverse, Resettle, ReplaySettlement; `why` of later visits",
            "`setl_id` is a manual payment: the agency decided the amounts, and it takes them back", "CancelManualPayment by the agency", "no";
        NotPaidByHand: "NOT_PAID_BY_HAND", Refusal(FailedPrecondition), "该笔为联网结算，由结算机构撤销",
            "CancelManualPayment",
            "`setl_id` was settled directly", "Reverse by the institution", "no";
        YearHasEntries: "YEAR_HAS_ENTRIES", Refusal(FailedPrecondition), "该年度或个人账户已有记录，请登记调整",
            "RecordOpening",
            "an opening is the first that the books say; `of` says of what they have something: `policy_year` (`setl_ids` that stand) or `account`", "an ADJUSTMENT", "no";
        EntriesRestOnIt: "ENTRIES_REST_ON_IT", Refusal(FailedPrecondition), "该年度已有结算，不能撤销期初，请先撤销结算或登记调整",
            "CancelOpening",
            "settlements or manual payments of that policy year stand: `setl_ids`", "reverse them first, or record an ADJUSTMENT", "after that";
        TotalOutOfRange: "TOTAL_OUT_OF_RANGE", Refusal(FailedPrecondition), "累计或余额将为负，或超过 16 位",
            "RecordOpening, CancelOpening",
            "`what` (an accumulator, or `account`) would be below zero or beyond 16 digits", "correct the amount", "no";
        OpeningUnknown: "OPENING_UNKNOWN", Refusal(NotFound), "未查到该期初或调整",
            "CancelOpening",
            "no such opening, or not the caller's, or not this person's", "check the id", "no";
        AreaNotOwned: "AREA_NOT_OWNED", Refusal(PermissionDenied), "该地区不归本单位管辖，无权办理或查询",
            "whatever changes the register, ListPersons, FindPersonsByTel, ledgers, transfers, LoadRoster, VerifyAccessLog, WatchRegister, ListQueue, ImportFilings, WatchFilings, WatchSettlements, publishing, Deposit, CheckBooks, openings, manual payments, ReconcileTotals, ReconcileLines",
            "not the caller's area", "call as its agency", "no";
        NotAnOperator: "NOT_AN_OPERATOR", Refusal(PermissionDenied), "仅运维人员和经办机构可查询缓存状态",
            "GetCacheStatus",
            "the caller is an institution, department, insurer or person", "call as operator or agency", "no";
        OnlyPartVisible: "ONLY_PART_VISIBLE", Refusal(PermissionDenied), "结算单含全部结算信息，只能查看本部门支付部分",
            "GetStatement",
            "the statement is the whole settlement; the caller sees a part of it", "GetSettlement", "no";
        PersonNotOwn: "PERSON_NOT_OWN", Refusal(PermissionDenied), "无权查询该人员",
            "GetAccumulators, GetBenefits, GetAccount, AuthorizeLook, GetPerson in clear, GetRights, GrantAccess, ListAccessLog",
            "not the caller's to ask about; 权益 is for the person, their agency and nobody else", "–", "no";
        GrantUnknown: "GRANT_UNKNOWN", Refusal(NotFound), "未查询到该授权",
            "LookUpByGrant, WithdrawGrant, GetBenefits, GetSettlement",
            "no such grant, or not given to the caller, or not the caller's to take back", "check the id", "no";
        GrantWithdrawn: "GRANT_WITHDRAWN", Refusal(FailedPrecondition), "本人已撤回该授权",
            "LookUpByGrant, GetBenefits, GetSettlement",
            "the person took the grant back; `grant_id`", "ask the person", "no";
        GrantNotBegun: "GRANT_NOT_BEGUN", Refusal(FailedPrecondition), "该授权尚未生效",
            "LookUpByGrant, GetBenefits, GetSettlement",
            "the grant counts later; `grant_id`", "wait", "after its `begins_at`";
        GrantEnded: "GRANT_ENDED", Refusal(FailedPrecondition), "该授权已到期，请本人重新授权",
            "LookUpByGrant, GetBenefits, GetSettlement",
            "the grant is over; `grant_id`", "ask the person", "no";
        GrantOtherPurpose: "GRANT_OTHER_PURPOSE", Refusal(PermissionDenied), "查询用途与授权用途不一致",
            "LookUpByGrant, GetBenefits, GetSettlement",
            "the purpose is not word for word the grant's; `grant_id`", "look for the purpose granted only", "no";
        GrantOutOfScope: "GRANT_OUT_OF_SCOPE", Refusal(PermissionDenied), "查询内容超出授权范围",
            "LookUpByGrant, GetBenefits, GetSettlement",
            "a part asked for is not granted; `grant_id`", "ask for the parts granted", "no";
        TooManyGrants: "TOO_MANY_GRANTS", Refusal(FailedPrecondition), "有效的授权过多",
            "GrantAccess",
            "100 grants of the person are in force; `limit`", "withdraw one", "after that";
    }
    section "Why not entitled, why not settled directly" {
        FilingRequired: "FILING_REQUIRED", Why, "未办理异地就医备案",
            "`why` of `NOT_SETTLED_DIRECTLY`, `reason` of FilingAnswer", "no filing, and the area settles no unfiled visit";
        FilingNotDecided: "FILING_NOT_DECIDED", Why, "备案尚未办结",
            "`why` of `NOT_SETTLED_DIRECTLY`, `reason` of FilingAnswer", "one is under way";
        FilingLapsed: "FILING_LAPSED", Why, "备案因材料逾期未补而失效",
            "`why` of `NOT_SETTLED_DIRECTLY`, `reason` of FilingAnswer", "what was to come did not";
        MaterialsOutstanding: "MATERIALS_OUTSTANDING", Why, "承诺补交的备案材料尚未补齐",
            "`why` of `NOT_SETTLED_DIRECTLY`, `reason` of FilingAnswer", "home again, and the papers that were promised have not come";
        ReturningNotDirect: "RETURNING_NOT_DIRECT", Why, "参保地不直接结算异地长期备案人员回参保地就医的费用",
            "`why` of `NOT_SETTLED_DIRECTLY`, `reason` of FilingAnswer", "the home area does not settle who returns";
        TreatmentNotPublished: "TREATMENT_NOT_PUBLISHED", Why, "参保地未公布适用的待遇",
            "`why` of `NOT_SETTLED_DIRECTLY`, `reason` of FilingAnswer", "the number is not known";
        NoCoverage: "NO_COVERAGE", Why, "未查询到参保记录",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "no coverage of that kind is known";
        CoverageNotStarted: "COVERAGE_NOT_STARTED", Why, "就诊日期尚未参保",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "insured from a later day";
        CoveragePaused: "COVERAGE_PAUSED", Why, "参保状态为暂停",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "暂停";
        CoverageFrozen: "COVERAGE_FROZEN", Why, "参保关系已冻结",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "冻结";
        CoverageEnded: "COVERAGE_ENDED", Why, "参保已终止",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "insured until an earlier day";
        WaitingPeriod: "WAITING_PERIOD", Why, "处于待遇等待期",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "待遇等待期";
        MedTypeNotCovered: "MED_TYPE_NOT_COVERED", Why, "该医疗类别不在待遇范围内",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "住院统筹 does not cover this outpatient care";
        DiseaseNotEntitled: "DISEASE_NOT_ENTITLED", Why, "未认定该病种的门诊慢特病或两病待遇",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "慢特病 or 两病 not recognised";
        ReverificationOverdue: "REVERIFICATION_OVERDUE", Why, "该病种待遇已逾期未复审",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "复审逾期";
        Deceased: "DECEASED", Why, "参保人已于就诊日期前死亡",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "died before";
        NotBorn: "NOT_BORN", Why, "就诊日期早于出生日期",
            "`why` of `NOT_ENTITLED`, `reason` of Eligibility", "born later";
    }
    section "Why a settlement would be paid otherwise" {
        PaidByAnotherArea: "PAID_BY_ANOTHER_AREA", Why, "该次就诊现由其他统筹区支付",
            "items of the worklist", "the coverage that holds on the days of the visit names another pooling area now";
        FactsChanged: "FACTS_CHANGED", Why, "参保信息与结算时不同",
            "items of the worklist", "what policies see of the person changed for the day of the visit: person type, age, identities, memberships, years";
        RecordsMerged: "RECORDS_MERGED", Why, "合并前另一人员编号下已有结算，合并累计后待遇不同",
            "items of the worklist, `why` of later visits", "records were merged, and what both numbers were paid counts together";
        RecordsParted: "RECORDS_PARTED", Why, "人员合并已撤销，结算时曾计入另一人的累计，待遇不同",
            "items of the worklist", "a merge was taken back, and what the other person was paid had been counted";
        AccountSpent: "ACCOUNT_SPENT", Why, "人员合并已撤销，合并期间已用去另一人个人账户的钱，余额不足以退还，应向本人追回",
            "items of the worklist", "a merge was taken back, and the account it is missing from could not give back all that had come from the other's";
        PractitionerUnpayable: "PRACTITIONER_UNPAYABLE", Why, "结算后得知相关人员当日无医保支付资格，已支付的费用应由医药机构承担，请核查",
            "items of the worklist", "lines were paid whose practitioner may not be paid, as credit says now; nothing is booked by itself";
        PractitionerLifted: "PRACTITIONER_LIFTED", Why, "相关人员当日医保支付资格已更正，但该明细已有稽核决定，暂不返还医药机构，请核查",
            "items of the worklist", "lines were refused whose practitioner may be paid, as credit says now, but audit decided on them: the case is corrected first";
        EarlierVisits: "EARLIER_VISITS", Why, "较早的就诊待遇变化，年度累计随之不同",
            "items of the worklist, `why` of later visits", "only what earlier visits would have added up to differs";
        InOrder: "IN_ORDER", Why, "待遇不变，因在先的就诊重新结算而依次重结",
            "`why` of later visits", "it would be paid as it was, and is settled again because one before it is and the order matters";
        SettledInParts: "SETTLED_IN_PARTS", Why, "中途结算的住院，请从最后一次起依次撤销后重结",
            "`why` of later visits", "a part of a stay (中途结算), which is settled again by hand: the last part first";
        AccountMoved: "ACCOUNT_MOVED", Why, "支付该笔的个人账户已随关系转移接续转出，请逐笔撤销后重结",
            "`why` of later visits", "an account that paid went to another area with a transfer: what comes back is booked there, by Reverse";
        CaseUnreadable: "CASE_UNREADABLE", Why, "结算时留存的计算依据无法读取，无法重算",
            "`why` of later visits", "what was recorded of the visit is of a form that is no longer read";
        PolicyAway: "POLICY_AWAY", Why, "结算所依据的待遇政策版本不可用，无法重算",
            "items of the worklist, `why` of later visits", "the policy version that decided is not published here, so that nothing is calculated";
    }
    section "Coverages, contributions and entitlement rules" {
        ChangeNotAllowed: "CHANGE_NOT_ALLOWED", Refusal(FailedPrecondition), "当前参保状态不能办理该项变动",
            "ChangeCoverage",
            "not from the state the coverage is in on that day; `standing` (not_insured, normal, paused, frozen, ended), `allowed` psn_chg_type", "one of those first", "no";
        SecondBasicScheme: "SECOND_BASIC_SCHEME", Refusal(FailedPrecondition), "部分日期已参加另一基本医疗保险",
            "ChangeCoverage, RegisterNewborn; by row RecordContributions, ImportCoverages (a violation of the row where there are several)",
            "another basic scheme is 正常 on some of the days; `insutype`, `begndate`, `enddate`", "end it, or switch with `switch_from`", "no";
        CoverageOverlap: "COVERAGE_OVERLAP", Refusal(FailedPrecondition), "该险种在部分日期已有参保时段",
            "the same (a violation of the row where there are several); as a violation: ImportCoverages",
            "the scheme has a stretch on some of the days", "check the dates", "no";
        EntitlementRuleMissing: "ENTITLEMENT_RULE_MISSING", Refusal(FailedPrecondition), "该地区当日没有生效的待遇规则",
            "ChangeCoverage, RegisterNewborn; by row RecordContributions (a violation of the row where there are several)",
            "no rule of the `family` is in force in the `area` on the `day`", "publish one", "no";
        CoverageOutsideLife: "COVERAGE_OUTSIDE_LIFE", Refusal(FailedPrecondition), "参保时段超出该人员的生存期间",
            "the same (a violation of the row where there are several)",
            "it would begin before birth or after the day of death; `day`, that day", "correct the date, or the person (ImportPersons)", "no";
        ContributionMissing: "CONTRIBUTION_MISSING", Refusal(FailedPrecondition), "该费款所属期没有缴费记录",
            "ChangeCoverage",
            "nothing is paid for `insutype` and `accrym`", "pay, or tell the payment with the change", "no";
        AlreadyDeceased: "ALREADY_DECEASED", Refusal(FailedPrecondition), "已登记其他死亡日期，如登记有误请更正人员信息",
            "RecordDeath",
            "another day of death is recorded; `die_date`. As a violation: ImportPersons", "take that back (TakeBackChange)", "no";
        ChangeUnknown: "CHANGE_UNKNOWN", Refusal(NotFound), "未查询到该项登记，或已撤销",
            "TakeBackChange",
            "the person has no such version or contribution that stands", "list them", "no";
        ChangeBuiltUpon: "CHANGE_BUILT_UPON", Refusal(FailedPrecondition), "该项登记之后又有以其为依据的登记，请先撤销或终止后者",
            "TakeBackChange",
            "what came later changed it, was decided on its strength, or needs it; `begndate` of that", "take that back or end it first", "after that";
        NothingToTakeBack: "NOTHING_TO_TAKE_BACK", Refusal(FailedPrecondition), "该项登记不能这样撤销：人员信息请重新导入，转移请反向办理",
            "TakeBackChange",
            "it changed nothing that could be taken back, or is a transfer or a merge", "import the person anew, or transfer back", "no";
        RefundAfterBegin: "REFUND_AFTER_BEGIN", Refusal(FailedPrecondition), "待遇享受期已开始，不能全额退费",
            "RecordContributions (a violation of the row)",
            "nothing would be left of what was paid for a period that has begun to entitle", "end the coverage first (21), or take back what was recorded by mistake", "no";
        RefundBuiltUpon: "REFUND_BUILT_UPON", Refusal(FailedPrecondition), "后续期间以本期参保为依据，请先退后续期间的费用",
            "RecordContributions (a violation of the row)",
            "a later month is paid, or a later coverage was decided since", "pay back the later one first", "after that";
        NothingToRepair: "NOTHING_TO_REPAIR", Refusal(FailedPrecondition), "没有可以通过缴费缩短的变动待遇等待期",
            "RepairWaiting",
            "the person does not wait, or no month can be taken off", "nothing to pay", "no";
        DiseaseEntitlementUnknown: "DISEASE_ENTITLEMENT_UNKNOWN", Refusal(NotFound), "复审当日没有该病种的待遇",
            "ReverifyDiseaseEntitlement",
            "no such entitlement holds on the day of verification", "check kind, disease and day", "no";
        RulesUnknown: "RULES_UNKNOWN", Refusal(NotFound), "未查询到该规则版本",
            "GetAuditRule, GetEntitlementRules, GetFilingRules, GetPlanRules, GetPolicy, GetSettlementRules",
            "no such version", "list them", "no";
        RulesVersionImmutable: "RULES_VERSION_IMMUTABLE", Refusal(AlreadyExists), "该版本已发布且内容不同，请使用新的版本号",
            "PublishAuditRule, PublishEntitlementRules, PublishFilingRules, PublishPlanRules, PublishPolicy, PublishSettlementRules",
            "the version is published with other content; `rules_id`, `version`", "publish a new version", "no";
        FieldNotExpected: "FIELD_NOT_EXPECTED", Violation, "本次操作不填写该字段",
            "ChangeCoverage, RegisterNewborn, transfers, merging, ledgers, filing", "a field that this change does not have";
        AccrymInvalid: "ACCRYM_INVALID", Violation, "费款所属期不正确",
            "contributions, RepairWaiting, RegisterNewborn", "not a year (390) or a month (all others) from 1990 on; of a newborn before birth";
        AmountOutOfRange: "AMOUNT_OUT_OF_RANGE", Violation, "金额以分为单位，应在 0 至 1 亿元之间",
            "contributions, RepairWaiting", "below zero or above 100 million yuan";
        RefundNotDue: "REFUND_NOT_DUE", Violation, "退费只能是已缴（clct_flag 1）",
            "contributions", "a refund with clct_flag 0";
        RefundExceedsPaid: "REFUND_EXCEEDS_PAID", Violation, "退费超过该费款所属期已缴金额",
            "RecordContributions", "more is paid back than was paid for the period";
        PaidDateOfDue: "PAID_DATE_OF_DUE", Violation, "未缴的应缴记录不能有缴费日期",
            "contributions", "a due with a day of payment";
        EntryUnknown: "ENTRY_UNKNOWN", Violation, "没有该条记录，不能撤销",
            "imports of enrollment", "a row with `withdrawn` whose key nothing has";
        EntryYearUnexpected: "ENTRY_YEAR_UNEXPECTED", Violation, "入学年份只能随居民缴费和人员类别给出",
            "contributions", "an entry_year without a resident's payment and psn_type";
        ToldOnly: "TOLD_ONLY", Violation, "该项由系统给出，请留空",
            "contributions, ImportAccountShares", "a field that only answers have";
        PsnTypeNotResident: "PSN_TYPE_NOT_RESIDENT", Violation, "人员类别只能随居民缴费给出，且应为 14、15 或 16 类",
            "contributions", "a 人员类别 other than 14, 15, 16, or not with a resident's payment";
        PsnTypeRequired: "PSN_TYPE_REQUIRED", Violation, "该项变动必须给出人员类别",
            "ChangeCoverage", "11, 25 and 27 need a 人员类别";
        PsnTypeNotRetired: "PSN_TYPE_NOT_RETIRED", Violation, "在职转退休的人员类别应为 12 类",
            "ChangeCoverage", "25 with another 人员类别 than 12xx";
        PaymentOfAnother: "PAYMENT_OF_ANOTHER", Violation, "缴费记录应属于同一人员和险种",
            "ChangeCoverage, RegisterNewborn", "the payment names another person or scheme";
        PaymentExpected: "PAYMENT_EXPECTED", Violation, "应为已缴的正常缴费",
            "ChangeCoverage, RegisterNewborn", "a due or a refund where a payment is needed";
        PaymentOfAnotherPeriod: "PAYMENT_OF_ANOTHER_PERIOD", Violation, "缴费的费款所属期与变动日期不符",
            "ChangeCoverage", "the payment is not for the 费款所属期 that chg_date lies in";
        CoverageYearOver: "COVERAGE_YEAR_OVER", Violation, "缴费时参保年度已过，且已超过新生儿参保期限，不能参保",
            "ChangeCoverage, RegisterNewborn", "the coverage year was over when it was paid for (and the newborn's days have passed)";
        PersonRegistered: "PERSON_REGISTERED", Violation, "该人员编号已登记",
            "RegisterNewborn", "the child's `psn_no` is registered already";
        YearNotAGap: "YEAR_NOT_A_GAP", Violation, "该年度不是断保年度",
            "RepairWaiting", "the person was insured in that year, or it does not count";
        YearPaidBefore: "YEAR_PAID_BEFORE", Violation, "该年度已补缴",
            "RepairWaiting", "the year was paid for before";
        EntitlementOverlap: "ENTITLEMENT_OVERLAP", Violation, "同一病种的待遇时段重叠",
            "ImportDiseaseEntitlements", "two entitlements of one kind and disease overlap";
    }
    section "Rosters of departments" {
        DepartmentNotOwn: "DEPARTMENT_NOT_OWN", Refusal(PermissionDenied), "只能报送本部门的名册",
            "LoadRoster",
            "the roster is another department's; `department`", "call as that department", "no";
        RosterUnknown: "ROSTER_UNKNOWN", Refusal(NotFound), "未查询到该名册",
            "GetRoster, ListRosterRows, AbandonRoster",
            "no such roster, or not the caller's to see", "check area, department and id", "no";
        RosterHeaderChanged: "ROSTER_HEADER_CHANGED", Refusal(AlreadyExists), "该名册编号已用于首部不同的名册，请更换编号",
            "LoadRoster",
            "the `roster_id` was used with another header", "a new id for another file", "no";
        RosterContentsChanged: "ROSTER_CONTENTS_CHANGED", Refusal(AlreadyExists), "该名册编号已用于内容不同的名册，请更换编号",
            "LoadRoster",
            "the `roster_id` was sealed with other rows", "a new id for another file", "no";
        RosterAbandoned: "ROSTER_ABANDONED", Refusal(FailedPrecondition), "该名册已放弃，请更换编号重新报送",
            "LoadRoster",
            "the roster was given up, or nobody went on with it for 90 days", "send it under a new id", "no";
        RosterOutdated: "ROSTER_OUTDATED", Refusal(FailedPrecondition), "本部门生效日期更晚的全量名册已报送，本名册已过时",
            "LoadRoster",
            "a full roster of the department for a later day was sealed; `effective_date`", "send a newer one", "no";
        RosterRowUnexpected: "ROSTER_ROW_UNEXPECTED", Refusal(FailedPrecondition), "行号不连续，请从 next_row_number 继续",
            "LoadRoster",
            "a row that does not come next; `next_row_number`, `row_number`", "go on at `next_row_number`", "yes";
        RosterSealMismatch: "ROSTER_SEAL_MISMATCH", Refusal(FailedPrecondition), "收到的行数或摘要与封条不符",
            "LoadRoster",
            "the rows kept are not those sealed; `row_count`, `staged_rows`, `total_rows`, `digest_matches`", "send what is missing; where the digest differs, give the roster up and send it under a new id", "no";
        RosterStreamSuperseded: "ROSTER_STREAM_SUPERSEDED", Refusal(Aborted), "该名册已由另一连接接续报送",
            "LoadRoster",
            "another stream of the roster was opened later, or it was sealed or given up", "leave it to that stream, or open again", "yes";
        RosterStreamIdle: "ROSTER_STREAM_IDLE", Refusal(Aborted), "60 秒内没有收到数据，请重新连接后继续",
            "LoadRoster",
            "no message for 60 seconds", "open the stream again", "yes";
        ServiceStopping: "SERVICE_STOPPING", Refusal(Unavailable), "服务正在停止，请重新连接后继续",
            "LoadRoster",
            "this process is stopping", "open the stream again", "yes";
        RosterSealed: "ROSTER_SEALED", Refusal(FailedPrecondition), "名册已封存，不能放弃；请另报更正名册",
            "AbandonRoster",
            "a sealed roster is applied whatever happens", "send a roster that corrects it", "no";
        RosterRowsGone: "ROSTER_ROWS_GONE", Refusal(FailedPrecondition), "该名册的明细已超过保存期限",
            "ListRosterRows",
            "rows are kept for 90 days", "–", "no";
        RosterIdInvalid: "ROSTER_ID_INVALID", Violation, "roster_id 应为 1 至 64 位可见 ASCII 字符",
            "LoadRoster, header and messages", "not 1 to 64 visible ASCII characters";
        DepartmentUnknown: "DEPARTMENT_UNKNOWN", Violation, "没有该部门代码",
            "LoadRoster, header and messages", "no department has this code";
        KindsRequired: "KINDS_REQUIRED", Violation, "全量名册须列出所覆盖的身份",
            "LoadRoster, header and messages", "a full roster must say what its absence ends";
        KindNotProduced: "KIND_NOT_PRODUCED", Violation, "该身份不由本部门认定",
            "LoadRoster, header and messages", "the department does not produce that kind";
        MessageOutOfOrder: "MESSAGE_OUT_OF_ORDER", Violation, "应依次发送首部、数据行、封条",
            "LoadRoster, header and messages", "anything but header, rows, seal in this order";
        PersonOfOtherArea: "PERSON_OF_OTHER_AREA", Row, "该人员的参保登记不在本统筹区",
            "roster rows", "another pooling area keeps the register of the person numbered (by a certificate: `PERSON_UNKNOWN`)";
        PsnNoInvalid: "PSN_NO_INVALID", Row, "人员编号应为 1 至 30 位字母、数字、- 或 _",
            "roster rows; enrollment, filing, settlement", "not 1 to 30 letters, digits, `-`, `_`";
        CertificateInvalid: "CERTIFICATE_INVALID", Row, "证件类型或证件号码不正确",
            "roster rows", "a type or number that cannot be one, wrong check digits among them";
        KindNotCovered: "KIND_NOT_COVERED", Row, "名册首部未列出该身份",
            "roster rows", "the header does not name the kind";
        ActionInvalid: "ACTION_INVALID", Row, "应为新增或移出",
            "roster rows", "neither ADD nor REMOVE";
        RemoveInFullRoster: "REMOVE_IN_FULL_ROSTER", Row, "全量名册不含移出行，未列入即为移出",
            "roster rows", "全量名册不含移出行，未列入即为移出";
        DateInvalid: "DATE_INVALID", Row, "日期格式应为 YYYY-MM-DD",
            "roster rows; all", "not a day written `YYYY-MM-DD`; in the catalogue also an end before its beginning";
        DatesReversed: "DATES_REVERSED", Row, "结束日期不能早于开始日期",
            "all; roster rows", "an end before its beginning, a grant that is over already, a death before birth, an entitlement before its coverage";
        DuplicateRow: "DUPLICATE_ROW", Row, "与同一请求中的另一行重复",
            "roster rows; imports of enrollment, RepairWaiting, RegisterNewborn", "a key, or a year, twice in one request";
        IdentityOverlap: "IDENTITY_OVERLAP", Row, "与之后开始的同一身份时段重叠，请先移出",
            "roster rows", "overlaps a stretch that begins later";
        IdentityNotHeld: "IDENTITY_NOT_HELD", Row, "该人员当日没有本部门认定的该身份",
            "roster rows", "nothing to end";
        TooManyEntries: "TOO_MANY_ENTRIES", Row, "该人员的同类记录过多",
            "roster rows; enrollment", "more than 500 entries of one kind for one person";
    }
    section "Ledgers, transfers and merging" {
        TransferUnknown: "TRANSFER_UNKNOWN", Refusal(NotFound), "未查询到该转移申请",
            "AdvanceTransfer, GetTransfer",
            "no such transfer, or not the caller's to see", "check the id", "no";
        TransferOpen: "TRANSFER_OPEN", Refusal(FailedPrecondition), "该人员有尚未办结的关系转移接续申请",
            "StartTransfer, MergePersons",
            "the person has an open transfer; `transfer_id`, `psn_no`", "finish or withdraw it first", "after that";
        TransferNothingHeld: "TRANSFER_NOTHING_HELD", Refusal(FailedPrecondition), "该人员没有可转出的参保关系",
            "StartTransfer, AdvanceTransfer",
            "the person never had the scheme that is to be left, or died", "check `traf_prot_dirc`", "no";
        TransferOfRetired: "TRANSFER_OF_RETIRED", Refusal(FailedPrecondition), "已享受退休人员待遇的参保人不办理关系转移接续",
            "StartTransfer, AdvanceTransfer, EnrolMover",
            "the person is retired under the scheme that is to be left (医保办发〔2021〕43号)", "none: the area where they retired pays", "no";
        TransferStepRefused: "TRANSFER_STEP_REFUSED", Refusal(FailedPrecondition), "转移申请的当前状态不允许该操作，请刷新后重试",
            "AdvanceTransfer",
            "not in this state, or not by this side; `state`, `allowed_actions`", "one of `allowed_actions`", "no";
        TransferTooEarly: "TRANSFER_TOO_EARLY", Refusal(FailedPrecondition), "转入开始日期过早",
            "AdvanceTransfer, FINISH",
            "the old area pays until the day before `earliest`", "begin on `earliest` or later", "no";
        TransferNoDayLeft: "TRANSFER_NO_DAY_LEFT", Refusal(FailedPrecondition), "原参保已覆盖至参保年度末",
            "AdvanceTransfer, FINISH",
            "the old coverage reaches to the end of the coverage year", "the next coverage year", "no";
        TransferPaidAhead: "TRANSFER_PAID_AHEAD", Refusal(FailedPrecondition), "原险种之后的时段已缴费",
            "AdvanceTransfer, FINISH",
            "a later stretch of the old scheme is paid and would be lost; `insutype`, `begndate`", "refund it, or begin with it", "no";
        MergeAcrossAreas: "MERGE_ACROSS_AREAS", Refusal(FailedPrecondition), "两条记录不在同一统筹区，请先办理关系转移接续，再合并",
            "MergePersons",
            "two pooling areas keep the two records", "transfer one first", "no";
        NotMerged: "NOT_MERGED", Refusal(FailedPrecondition), "该人员编号没有合并，无需撤销",
            "UnmergePersons",
            "the record is a person of its own; `psn_no`", "nothing is to be done", "no";
        MergeNotNoted: "MERGE_NOT_NOTED", Refusal(FailedPrecondition), "该次合并时尚未记录归属，不能自动撤销；请为另一人重新登记并逐项更正",
            "UnmergePersons",
            "merged by a version that did not note what a merge moves; `psn_no`", "register the other person anew; the history shows what was theirs", "no";
        MergeContradicted: "MERGE_CONTRADICTED", Refusal(FailedPrecondition), "两条记录互相矛盾，请先更正",
            "MergePersons",
            "the records say different things; the first 20 in `contradictions`, all counted in `contradiction_count`", "correct the entries", "no";
        LevelUnknown: "LEVEL_UNKNOWN", Violation, "层级应为乡镇（街道）或村（社区）",
            "transfers, merging, ledgers", "neither township nor village";
        TransferNowhere: "TRANSFER_NOWHERE", Violation, "同一统筹区内只能办理险种之间的转移",
            "transfers, merging, ledgers", "the same area and the same scheme";
        TransferIdRequired: "TRANSFER_ID_REQUIRED", Violation, "请给出转移申请编号",
            "transfers, merging, ledgers", "empty";
        ActionUnknown: "ACTION_UNKNOWN", Violation, "请选择要办理的操作",
            "transfers, merging, ledgers, filing", "no action, or one the contract does not know";
        ReasonRequired: "REASON_REQUIRED", Violation, "请说明原因",
            "transfers, merging, ledgers, filing", "no reason where one is due";
        ReasonInvalid: "REASON_INVALID", Violation, "原因最多 200 个字符，且不能含控制字符",
            "transfers, merging, ledgers, filing", "more than 200 characters, or control characters";
        FinishTermsRequired: "FINISH_TERMS_REQUIRED", Violation, "办结时应给出转入地的参保信息",
            "transfers, merging, ledgers", "FINISH without its terms";
        FinishTermsNotExpected: "FINISH_TERMS_NOT_EXPECTED", Violation, "仅办结时填写",
            "transfers, merging, ledgers", "terms with another step than FINISH";
        DateTooFar: "DATE_TOO_FAR", Violation, "最多提前 366 天",
            "transfers, merging, ledgers", "more than 366 days ahead";
        CoverageYearInvalid: "COVERAGE_YEAR_INVALID", Violation, "参保年度应为本年度或下一年度",
            "transfers, merging, ledgers", "neither this year nor the next";
        PsnTypeNotOfScheme: "PSN_TYPE_NOT_OF_SCHEME", Violation, "人员类别不属于该险种",
            "transfers, merging, ledgers", "a `psn_type` of the other scheme";
        TooManySupplements: "TOO_MANY_SUPPLEMENTS", Violation, "最多 6 个附加险种",
            "transfers, merging, ledgers", "more than 6";
        SideUnknown: "SIDE_UNKNOWN", Violation, "应为转出地、转入地或不填",
            "transfers, merging, ledgers", "neither the old area nor the new";
        StateUnknown: "STATE_UNKNOWN", Violation, "转移状态未知，最多 10 个",
            "transfers, merging, ledgers", "no state of a transfer, or more than 10";
        MergeWithSelf: "MERGE_WITH_SELF", Violation, "不能与自身合并",
            "transfers, merging, ledgers", "a number merged into itself";
    }
    section "Filings" {
        FilingUnknown: "FILING_UNKNOWN", Refusal(NotFound), "未查询到该备案",
            "GetFiling, AdvanceFiling, SubmitFiling (`replaces_filing_id`)",
            "no such filing, or not the caller's to see; `filing_id`", "check the id", "no";
        CallerMayNotFile: "CALLER_MAY_NOT_FILE", Refusal(PermissionDenied), "只能由本人、经办机构或开具转诊的定点医药机构办理备案",
            "SubmitFiling",
            "neither the person, an agency, nor the referring hospital", "one of them submits", "no";
        FilingStepRefused: "FILING_STEP_REFUSED", Refusal(FailedPrecondition), "备案的当前状态不允许该操作，请刷新后重试",
            "AdvanceFiling",
            "not in this state, or not by this caller; of two at once the second is told so", "one of `allowed_actions`", "no";
        FilingVersionStale: "FILING_VERSION_STALE", Refusal(FailedPrecondition), "备案已被他人变更，请刷新后重试",
            "AdvanceFiling",
            "the filing has moved on since the `version` given; `known`, `current`", "look at it again", "no";
        NotHomeArea: "NOT_HOME_AREA", Refusal(PermissionDenied), "备案由参保地办理",
            "AdvanceFiling, COMPLETE and REJECT",
            "属地办理: `poolarea_no` decides, or its office that has the filing", "the home area decides", "no";
        OwnSubmission: "OWN_SUBMISSION", Refusal(PermissionDenied), "经办人不能办理自己提交的备案，请由其他经办人办理",
            "AdvanceFiling, COMPLETE and REJECT",
            "the officer (`opter`) submitted this filing", "another officer decides", "no";
        MaterialMissing: "MATERIAL_MISSING", Refusal(FailedPrecondition), "缺少备案材料",
            "AdvanceFiling, COMPLETE",
            "papers are missing that can neither come later nor be promised; `one_of`", "return it, or supply them", "after that";
        SupplementTooLate: "SUPPLEMENT_TOO_LATE", Refusal(FailedPrecondition), "补正期限已过，备案已失效",
            "AdvanceFiling, SUPPLY",
            "the last day for it, `supply_by`, has passed: the filing has lapsed", "submit a new one", "no";
        ChangeLocked: "CHANGE_LOCKED", Refusal(FailedPrecondition), "备案在变更限制期内",
            "AdvanceFiling, CANCEL; SubmitFiling in the place of another",
            "the home area's lock holds until `locked_until` (22号 二(三))", "after that day", "then";
        OfficeHasIt: "OFFICE_HAS_IT", Refusal(FailedPrecondition), "该备案已在该经办机构",
            "AdvanceFiling, HAND_OVER",
            "`to_area` has the filing; of two at once the second is told so", "nothing", "no";
        OfficeNotAtHome: "OFFICE_NOT_AT_HOME", Refusal(FailedPrecondition), "已受理的备案只能在参保地范围内转办",
            "AdvanceFiling, HAND_OVER",
            "once accepted, only within `poolarea_no`", "hand over there", "no";
        FilingOverlaps: "FILING_OVERLAPS", Refusal(FailedPrecondition), "与该人员的另一备案时段重叠",
            "SubmitFiling",
            "`filing_id` (its `state`, `out_fil_type`) covers the place on some of the days, or is being decided", "change it (`replaces_filing_id`), or cancel or withdraw it", "after that";
        TooManyPlaces: "TOO_MANY_PLACES", Refusal(FailedPrecondition), "同时有效的备案已达上限",
            "SubmitFiling",
            "as many filings of this group at once as the rules allow, `limit`", "cancel one", "after that";
        ReplacedNotInForce: "REPLACED_NOT_IN_FORCE", Refusal(FailedPrecondition), "要变更的备案当前未生效",
            "SubmitFiling",
            "the filing to be replaced is not in force; `filing_id`, `state`", "submit without `replaces_filing_id`", "no";
        ReplacedBeginsLater: "REPLACED_BEGINS_LATER", Refusal(FailedPrecondition), "新备案应晚于原备案开始",
            "SubmitFiling",
            "the new one must begin after the first day of the old; `filing_id`, `begndate`", "a later `begndate`", "no";
        TooManyFilings: "TOO_MANY_FILINGS", Refusal(FailedPrecondition), "该人员的备案过多",
            "whatever writes a filing",
            "more than 300 filings of one person that cover or covered days; `limit`, `psn_no`", "tell the operator", "no";
        ReimbursementKnown: "REIMBURSEMENT_KNOWN", Refusal(AlreadyExists), "该次就诊已登记零星报销，不能重复登记",
            "RecordManualReimbursement",
            "this bill (person, institution, `mdtrt_id`) was noted before", "nothing: it is counted", "no";
        OpterInvalid: "OPTER_INVALID", Violation, "经办人编号最多 30 位可见 ASCII 字符",
            "filing", "not 1 to 30 visible ASCII characters";
        KindNotOffered: "KIND_NOT_OFFERED", Violation, "参保地不办理此类备案",
            "filing", "not offered by the home area";
        KindNotForPerson: "KIND_NOT_FOR_PERSON", Violation, "该人员类别不能办理此类备案",
            "filing", "not for this `psn_type`";
        PlaceInvalid: "PLACE_INVALID", Violation, "就医地应为 6 位行政区划代码",
            "filing", "neither a city nor a province that is filed as a whole";
        PlaceAtHome: "PLACE_AT_HOME", Violation, "就医地在参保地统筹区内，无需备案",
            "filing", "inside the pooling area";
        FilingNotNeeded: "FILING_NOT_NEEDED", Violation, "省内异地就医免备案，无需办理临时外出备案",
            "filing", "省内免备案, and no filing betters what is paid there";
        BegndateTooEarly: "BEGNDATE_TOO_EARLY", Violation, "备案开始日期过早",
            "filing", "more than `limit` days back";
        BegndateTooLate: "BEGNDATE_TOO_LATE", Violation, "备案开始日期过晚",
            "filing", "more than `limit` days ahead";
        ValidityTooShort: "VALIDITY_TOO_SHORT", Violation, "备案有效期过短",
            "filing", "shorter than the rules allow, `at_least`";
        ValidityTooLong: "VALIDITY_TOO_LONG", Violation, "备案有效期过长",
            "filing", "longer than the rules allow, `at_most`";
        EnddateNotForKind: "ENDDATE_NOT_FOR_KIND", Violation, "长期备案长期有效，不填写截止日期",
            "filing", "long-term filings have none";
        MaterialNotForKind: "MATERIAL_NOT_FOR_KIND", Violation, "该备案类型不需要此材料",
            "filing", "a paper this kind does not ask for";
        MaterialNotMissing: "MATERIAL_NOT_MISSING", Violation, "该材料无需补交",
            "filing", "in force, and this paper was seen, or a commitment comes too late";
        FileIdInvalid: "FILE_ID_INVALID", Violation, "材料编号最多 64 位可见 ASCII 字符",
            "filing", "not up to 64 visible ASCII characters";
        ReferralRequired: "REFERRAL_REQUIRED", Violation, "异地转诊备案须填写转出定点医药机构和转院日期",
            "filing", "a referral without institution and day";
        ReferralNotForKind: "REFERRAL_NOT_FOR_KIND", Violation, "只有异地转诊备案填写转诊信息",
            "filing", "a referral told with another kind";
        InstitutionInvalid: "INSTITUTION_INVALID", Violation, "定点医药机构编号应为 12 位",
            "filing", "not 12 characters";
        StateNotQueued: "STATE_NOT_QUEUED", Violation, "待办列表只有待受理、已受理、退回补正和材料待补",
            "filing", "a state that never waits for an office";
        PoolareaNotToldHere: "POOLAREA_NOT_TOLD_HERE", Violation, "统筹区由参保信息决定，不由调用方填写",
            "filing", "only services tell it";
        ForeignIdInvalid: "FOREIGN_ID_INVALID", Violation, "原系统备案编号应为可见 ASCII 字符",
            "filing", "not 1 to 64 visible ASCII characters";
        RowDiffers: "ROW_DIFFERS", Violation, "该原系统备案已导入且内容不同",
            "filing", "known with other content";
        MonthInvalid: "MONTH_INVALID", Violation, "月份应为 YYYY-MM",
            "filing", "not `YYYY-MM`";
        PoolareaNotOfDocument: "POOLAREA_NOT_OF_DOCUMENT", Violation, "该统筹区不在待遇政策文件适用的统筹区之中",
            "TryPolicy", "not one of the draft's areas";
        TooManyDays: "TOO_MANY_DAYS", Violation, "天数超出允许范围",
            "DryRun, TryPolicy", "more days at once than are looked at; `limit` in the text";
        TooManyMonths: "TOO_MANY_MONTHS", Violation, "最多 36 个月",
            "filing", "more than 36";
        MdtrtIdInvalid: "MDTRT_ID_INVALID", Violation, "就诊ID应为 1 至 30 位可见 ASCII 字符",
            "filing", "not 1 to 30 visible ASCII characters";
    }
    section "Audit" {
        AuditViolation: "AUDIT_VIOLATION", Refusal(FailedPrecondition), "违反医保规则，不能结算，请更正",
            "Settle",
            "audit found something against a rule that refuses the settlement (拦截); `rule_id`, `feedetl_sn`, `jr_id` of the first ten, `violations` how many; Preview tells all in `audit`",
            "correct the bill; or answer with a reason by AnswerViolation where the violation says `may_answer`", "after that";
        ViolationUnknown: "VIOLATION_UNKNOWN", Refusal(NotFound), "该次就诊没有此违规提示",
            "AnswerViolation",
            "the visit, as it was sent, is against no rule with this `jr_id`", "send the visit as it was checked", "no";
        AnswerNotAllowed: "ANSWER_NOT_ALLOWED", Refusal(FailedPrecondition), "该规则不接受说明，请更正费用",
            "AnswerViolation",
            "the rule lets nobody answer it with a reason", "correct the bill", "no";
        FindingUnknown: "FINDING_UNKNOWN", Refusal(NotFound), "未查询到该疑点",
            "GetFinding, DismissFinding, ReopenFinding",
            "there is no finding of this `jr_id`, or the caller may not know of it", "check the number; ListFindings tells those there are", "no";
        FindingNotOpen: "FINDING_NOT_OPEN", Refusal(FailedPrecondition), "该疑点不在待处理状态",
            "DismissFinding",
            "it is in a case, was dismissed, withdrawn or settled; `state`", "nothing; a dismissal is taken back by ReopenFinding", "no";
        FindingNotDismissed: "FINDING_NOT_DISMISSED", Refusal(FailedPrecondition), "该疑点未被排除",
            "ReopenFinding",
            "only a dismissal is taken back; `state`", "nothing", "no";
        FindingOfNoVisit: "FINDING_OF_NO_VISIT", Refusal(FailedPrecondition), "机构统计线索不针对具体就诊，不能据此立案",
            "OpenCase",
            "the finding is a statistic of an institution's month or year",
            "open a case on visits of that month, or plan a check of the institution; dismiss the finding when it was looked into", "no";
    }
    section "Fields that are wrong" {
        PartOfNoStay: "PART_OF_NO_STAY", Violation, "只有住院可以中途结算",
            "Preview, Settle", "`mid_setl_flag` with a med_type that is no stay";
        PartWithoutRelative: "PART_WITHOUT_RELATIVE", Violation, "中途结算不使用家庭共济账户，请在出院结算时使用",
            "Preview, Settle", "`mulaid_psn_no` with `mid_setl_flag`";
        PaidElsewhereTooMuch: "PAID_ELSEWHERE_TOO_MUCH", Violation, "他处已付金额之和超过医疗费总额",
            "Preview, Settle, reimbursements", "`paid_elsewhere` comes to more than the bill; of a stay in parts more than that of the stay so far";
        PaidElsewhereMissing: "PAID_ELSEWHERE_MISSING", Violation, "该次住院以前各次中途结算已申报的他处已付，本次须一并申报",
            "Preview, Settle", "an earlier part of the stay told a paper of `paid_elsewhere` that is not told now: it is told of the stay so far; `payer`, `reference`";
        FeesTwice: "FEES_TWICE", Violation, "费用明细重复提交",
            "Preview, Settle", "lines in the visit, and `fees_uploaded` too";
        RefundUnmatched: "REFUND_UNMATCHED", Violation, "退单与原费用明细不符",
            "UploadFees, CancelFees, Preview, Settle", "a refund names no line of the visit, another item or price, more than is left, or an amount that does not leave count times price; `feedetl_sn`";
        Duplicate: "DUPLICATE", Violation, "重复",
            "settlement, filing", "`feedetl_sn` twice in a visit, a key twice in an import";
        CountInvalid: "COUNT_INVALID", Violation, "数量超出允许范围",
            "BatchGetEligibilities, BatchFindFiling, RepairWaiting, RegisterNewborn, AddWorkingDays, filing; visit", "fewer than 1 or more than 100 questions, 50 years, 2 payments; working days not 0 to 250; `prd_days` not 0 to 999; not as many `dise_name` as `dise_codg`";
        ResdCodeInvalid: "RESD_CODE_INVALID", Violation, "常住地应为 12 位统计用区划代码",
            "ImportPersons, transfers, merging, ledgers", "a 常住地 not of 12 digits";
        TextInvalid: "TEXT_INVALID", Violation, "文本过长，或含不可见字符",
            "all", "longer than the field may be, or with characters that nobody sees ([which](INTEGRATION.md#rules-for-all-calls)); `consent_reference` of a grant the person gives themselves";
        InTheFuture: "IN_THE_FUTURE", Violation, "日期不能晚于今天",
            "all", "a birth, death, payment, referral, discharge or another day of what has happened lies after today (Asia/Shanghai)";
        AreaInvalid: "AREA_INVALID", Violation, "应为 6 位行政区划代码",
            "all", "an area that is not 6 digits";
        CodeUnknown: "CODE_UNKNOWN", Violation, "代码不在字典中",
            "all", "not a code of the dictionary";
        TooMany: "TOO_MANY", Violation, "超过数量限制",
            "settlement, filing", "more diagnoses or tags than 20, rows than 1000, labels than 10 (or a label above 30 characters)";
        RowsEmpty: "ROWS_EMPTY", Violation, "至少一行",
            "imports of enrollment and filing, RecordContributions", "no row";
        TooManyRows: "TOO_MANY_ROWS", Violation, "每次最多 1000 行",
            "imports of enrollment and filing, RecordContributions", "more than 1000 rows";
        Required: "REQUIRED", Violation, "不能为空",
            "settlement, filing", "empty";
        AmountInvalid: "AMOUNT_INVALID", Violation, "金额应大于零",
            "Deposit, RecordOpening, RecordManualPayment, filing", "not above zero; zero in an adjustment";
        TooLong: "TOO_LONG", Violation, "超过长度限制",
            "settlement", "identifiers 30, marks 30, reason of a reversal 200 characters";
        Characters: "CHARACTERS", Violation, "只能包含可见的 ASCII 字符",
            "settlement", "an identifier with anything but visible ASCII";
        TooManyLines: "TOO_MANY_LINES", Violation, "费用明细超过 2000 条",
            "visit", "more than 2000 lines";
        CodeInvalid: "CODE_INVALID", Violation, "机构编码应为 H（医院）或 P（药店）加 11 位数字",
            "ImportInstitutions", "an institution code that is not H or P and 11 digits";
        LineDateRequired: "LINE_DATE_REQUIRED", Violation, "住院期间有部分日期不享受待遇，或为中途结算，请填写每条明细的费用发生日期",
            "lines", "no `fee_ocur_date`, where a part of the visit is not covered or a stay is settled in parts: what was charged on which day is not guessed";
        BeforeBirth: "BEFORE_BIRTH", Violation, "入院（就诊）日期早于本人出生日期；新生儿本人的住院自出生之日起",
            "visit", "`begndate` before the person was born: a newborn's own stay begins at birth";
        VisitTooLong: "VISIT_TOO_LONG", Violation, "就诊时间过长，请核对日期，或分段结算",
            "visit; GetEligibility", "more days than the policy of the area that pays allows (`visits` of [POLICY.md](POLICY.md#bounds-of-visits)), or than 3,653; `limit`";
        SettledTooLate: "SETTLED_TOO_LATE", Violation, "就诊结束已久，不能直接结算，请到参保地经办机构申请",
            "visit", "the visit ended longer ago than the policy of the area that pays allows (申报时限; `visits` of [POLICY.md](POLICY.md#bounds-of-visits)); `limit`";
        OutsideVisit: "OUTSIDE_VISIT", Violation, "费用发生日期不在就诊期间内",
            "lines", "`fee_ocur_date` outside the visit";
        QuantityInvalid: "QUANTITY_INVALID", Violation, "数量应为大于 0、最多 4 位小数的数",
            "lines", "not above zero with at most 4 decimals";
        PriceInvalid: "PRICE_INVALID", Violation, "应为不小于 0 的数",
            "lines, catalogue", "negative, no number, or more than 6 decimals";
        RatioInvalid: "RATIO_INVALID", Violation, "应为空，或 0 至 1 之间的数",
            "catalogue", "`selfpay_prop` outside 0 to 1, or more than 4 decimals";
        AmountNegative: "AMOUNT_NEGATIVE", Violation, "金额不能为负",
            "lines, RecordOpening, RecordManualPayment", "below zero";
        AmountTooLarge: "AMOUNT_TOO_LARGE", Violation, "金额超过 16 位",
            "all", "beyond 16 digits of fen; also what a bill, a balance or a policy year would add up to";
        AmountMismatch: "AMOUNT_MISMATCH", Violation, "金额不等于数量×单价（四舍五入到分）",
            "lines, RecordManualPayment", "not quantity × price, half up to the fen; `expected_fen`; of a manual payment: parts that do not add up, more paid than the bill";
        OwnAccount: "OWN_ACCOUNT", Violation, "共济人不能是本人",
            "visit", "the person's own number as the relative's";
        AccountNotUsed: "ACCOUNT_NOT_USED", Violation, "未使用个人账户时不能共济",
            "visit", "a relative's account without `acct_used_flag`";
        AccountNotShared: "ACCOUNT_NOT_SHARED", Violation, "该亲属未授权家庭共济",
            "visit, PayContribution", "the relative has not granted 家庭共济 for that day, or withdrew it";
        AccountInAnotherArea: "ACCOUNT_IN_ANOTHER_AREA", Violation, "该个人账户由其他统筹区管理",
            "visit, Deposit, PayContribution", "the account is kept by another pooling area, and the policies of the two do not let it help across them (`account.reach`)";
        ShareIncomplete: "SHARE_INCOMPLETE", Violation, "共济授权未登记亲属关系或账户人的同意，请账户人到其参保地经办机构补登",
            "visit, PayContribution", "across pooling areas, and for contributions, the share must tell kinship and the owner's consent";
        ContributionNotPayable: "CONTRIBUTION_NOT_PAYABLE", Violation, "该统筹区未开通以个人账户为近亲属缴纳居民医保费，请以其他方式缴费",
            "PayContribution", "the policy of the area that keeps the account does not say that accounts pay contributions (`account.contributions`); or the relative died";
        OwnerCannotPay: "OWNER_CANNOT_PAY", Violation, "该亲属的个人账户现不能支付",
            "visit, PayContribution", "the account's owner died, or their coverage is frozen, ended or unknown today; `why` is enrollment's reason";
        PersonInAnotherArea: "PERSON_IN_ANOTHER_AREA", Violation, "该人员不在此统筹区",
            "RecordOpening, RecordManualPayment", "the person is of another pooling area, today or on the last day of the visit";
        PolicyYearInvalid: "POLICY_YEAR_INVALID", Violation, "不是该统筹区待遇年度的首日",
            "RecordOpening, RecordManualPayment", "no policy of the area has a policy year that begins on this day";
        AccumulatorUnknown: "ACCUMULATOR_UNKNOWN", Violation, "该统筹区该年度的待遇政策没有此累计项",
            "RecordOpening, RecordManualPayment", "no policy of the area declares it in that year; kept apart by level it is `name@level`, by the month `name/2026-03`, else `name`";
        AdditionInvalid: "ADDITION_INVALID", Violation, "累计增加数超出允许范围",
            "RecordOpening, RecordManualPayment", "zero; below zero where it is no adjustment; more than 10,000 visits or 16 digits of fen";
        PeriodTooLong: "PERIOD_TOO_LONG", Violation, "期间过长",
            "ReconcileTotals, ReconcileLines", "more than 366 days of totals, 31 of lines";
        NotInOrder: "NOT_IN_ORDER", Violation, "明细应按结算ID升序，且在 after_setl_id 之后",
            "ReconcileLines", "lines not in the order of `setl_id`, each once, behind `after_setl_id`";
        ItemClassUnknown: "ITEM_CLASS_UNKNOWN", Violation, "该项目的甲乙丙类别未公布",
            "lines", "the entry has no published class 甲乙丙";
        NotAPharmacy: "NOT_A_PHARMACY", Violation, "只有零售药店可以标记双通道",
            "ImportInstitutions", "`dual_channel` of what is no pharmacy";
        DepartmentSuspended: "DEPARTMENT_SUSPENDED", Violation, "该科室当日已中止医保结算，请移出该明细由机构另行处理，或更正开单科室",
            "lines", "the department was suspended on the day of the line, and the rule of the area refuses it; `since`";
        DualChannelOnly: "DUAL_CHANNEL_ONLY", Violation, "双通道药品只能由双通道药店按基金支付结算，请到双通道药店购药，或移出该明细自费",
            "lines", "a drug of two channels at a pharmacy that is none of two channels";
        PrescriptionRequired: "PRESCRIPTION_REQUIRED", Violation, "外购处方应填写处方号、开方机构和开单医师",
            "lines", "a drug of two channels at a pharmacy, or a line with `rx_circ_flag`, without `rxno`, `rx_fixmedins_code` or `bilg_dr_codg`";
        TraceCodeInvalid: "TRACE_CODE_INVALID", Violation, "药品追溯码应为 10 至 100 位字母、数字或 ( ) - . / :",
            "lines", "not 10 to 100 letters, digits and `()-./:`";
        TraceCodeMissing: "TRACE_CODE_MISSING", Violation, "该药品应扫码上传追溯码后结算",
            "lines", "a drug without `drug_trac_info`, where the rule of the area refuses it";
        TraceCodeRepeated: "TRACE_CODE_REPEATED", Violation, "该追溯码已在其他明细或其他结算中使用，请核对实物和拆零标志",
            "lines", "the code stands on another line or in another settlement, and not both are parts of a pack; `setl_id` where that is the institution's own";
        NotOfferedHere: "NOT_OFFERED_HERE", Violation, "零售药店不能办理该医疗类别",
            "visit", "a pharmacy with a `med_type` other than 14, 15, 41";
        QuoteInvalid: "QUOTE_INVALID", Violation, "报价编号无效",
            "Settle", "`quote_id` is no quote";
        QuoteOfAnotherVisit: "QUOTE_OF_ANOTHER_VISIT", Violation, "该报价不是本次就诊的报价",
            "Settle", "the quote was given for another visit";
        NameInvalid: "NAME_INVALID", Violation, "名称应为 1 至 200 个字符",
            "imports of settlement", "a name not of 1 to 200 characters";
        PageSizeNegative: "PAGE_SIZE_NEGATIVE", Violation, "page_size 不能为负数",
            "lists", "below zero";
        PageTokenInvalid: "PAGE_TOKEN_INVALID", Violation, "page_token 无效或不属于本次查询条件",
            "lists", "damaged, or of another caller, list or filter, or made before an upgrade to sealed tokens";
        ResumeTokenInvalid: "RESUME_TOKEN_INVALID", Violation, "resume_token 无效",
            "feeds", "damaged, of another feed, or behind an event that is there no longer: the database was restored to an earlier state";
        RequestIdInvalid: "REQUEST_ID_INVALID", Violation, "request_id 应为 1 至 64 位可见 ASCII 字符",
            "mutations", "not 1 to 64 visible ASCII characters";
        PoolareaNotChangeable: "POOLAREA_NOT_CHANGEABLE", Violation, "该人员已在其他统筹区登记，请办理关系转移接续",
            "ImportPersons", "the person is registered in another area: that is a transfer";
        PersonToldTwice: "PERSON_TOLD_TWICE", Violation, "人员编号与证件只能填写一种",
            "GetEligibility", "both a `psn_no` and a document";
        TimeInvalid: "TIME_INVALID", Violation, "时间应在公元 1 至 9999 年之间，精确到微秒",
            "GetEligibility, GrantAccess; lines", "not of the years 1 to 9999; finer than microseconds; `known_at` later than now; `fee_ocur_time` not HH:MM:SS";
        DepartmentNotImported: "DEPARTMENT_NOT_IMPORTED", Violation, "部门名册应通过名册接口报送，导入的身份属于经办机构",
            "ImportIdentities", "a department's identity comes by roster";
        TextRequired: "TEXT_REQUIRED", Violation, "不能为空",
            "enrollment", "empty";
        CertnoShape: "CERTNO_SHAPE", Violation, "身份证号应为 18 位，末位为数字或大写 X",
            "ImportPersons, FindPerson", "a 居民身份证 number not of 18 characters";
        CertnoCheckDigit: "CERTNO_CHECK_DIGIT", Violation, "身份证号校验码不正确",
            "ImportPersons, FindPerson", "its check digit does not fit";
        CertnoBirthMismatch: "CERTNO_BIRTH_MISMATCH", Violation, "身份证号与出生日期不一致",
            "ImportPersons", "it does not agree with `brdy`";
        CertnoSexMismatch: "CERTNO_SEX_MISMATCH", Violation, "身份证号与性别不一致",
            "ImportPersons", "it does not agree with `gend`";
        HouseholdNoInvalid: "HOUSEHOLD_NO_INVALID", Violation, "户号应为 1 至 30 位字母、数字、- 或 _",
            "RecordHouseholds", "a number no household can have";
        HouseholdOverlap: "HOUSEHOLD_OVERLAP", Violation, "一人同一天只在一户",
            "RecordHouseholds", "the person would be in two households on a day: end or take back the other stretch in the same call";
        KinshipContradicted: "KINSHIP_CONTRADICTED", Violation, "公安户籍登记的家庭关系与所填亲属关系不符，按本地规定不能共济；请更正关系或户籍登记",
            "GrantAccountShare", "the register of households shows the two as something else to each other, and the area's rule `kinship` refuses that";
        KinshipNotShown: "KINSHIP_NOT_SHOWN", Violation, "公安户籍登记未见该亲属关系，按本地规定不能共济；请先由公安登记同户",
            "GrantAccountShare", "the register of households does not show the kinship, and the area's rule `kinship` refuses that";
        CertificateTaken: "CERTIFICATE_TAKEN", Violation, "该证件已登记在另一人员编号下",
            "ImportPersons", "another person is registered with it; `psn_no`, told only to the agency that keeps that person's register";
        TelInvalid: "TEL_INVALID", Violation, "联系电话应为 5 至 20 位数字，可带国际冠码 + 和分隔符 -",
            "ImportPersons, FindPersonsByTel", "a phone not of 5 to 20 digits (a `+` may lead, `-` may divide)";
        GranteeInvalid: "GRANTEE_INVALID", Violation, "被授权方应为 insurer:、institution: 或 department: 加代码",
            "GrantAccess", "not `insurer:`, `institution:` or `department:` and a code";
        ScopeInvalid: "SCOPE_INVALID", Violation, "授权内容不在列表中或重复",
            "GrantAccess, LookUpByGrant", "none, unknown or twice";
        GrantTooLong: "GRANT_TOO_LONG", Violation, "授权期限最长 366 天",
            "GrantAccess", "more than 366 days";
        YearInvalid: "YEAR_INVALID", Violation, "起始年份不能晚于开始日期所在年份",
            "ImportMemberships", "`since_year` later than the year of `begndate`";
        SharerIsSelf: "SHARER_IS_SELF", Violation, "共济人不能是本人",
            "ImportAccountShares, GrantAccountShare", "a person as their own relative";
    }
    section "Plans, selections, checks of institutions and samples" {
        PlanUnknown: "PLAN_UNKNOWN", Refusal(NotFound), "未查询到该稽核计划",
            "PlanService", "no such plan, or the caller may not know of it", "list them", "no";
        SelectionUnknown: "SELECTION_UNKNOWN", Refusal(NotFound), "未查询到该抽取",
            "PlanService", "no such selection, or the caller may not know of it", "list them", "no";
        SelectionNotPublic: "SELECTION_NOT_PUBLIC", Refusal(FailedPrecondition), "尚未抽取，或未到公开日期",
            "RepeatSelection", "it is not drawn yet; or, for others than the area, its `public_on` is to come", "wait for `public_on`", "after that";
        PlanStands: "PLAN_STANDS", Refusal(AlreadyExists), "本地区该年度已有同类计划",
            "MakePlan", "the area has a plan of this kind for the year; `plan_id`", "change that", "no";
        PlanSubjectChecked: "PLAN_SUBJECT_CHECKED", Refusal(FailedPrecondition), "该对象已按本计划开展检查，不能从计划中移除",
            "ChangePlan, UndoPlanChange", "the plan has a check of `code` that was not cancelled; `case_id`", "cancel the check, or keep the subject", "after that";
        PlanStepRefused: "PLAN_STEP_REFUSED", Refusal(FailedPrecondition), "当前状态不允许该操作，请刷新后重试",
            "PlanService", "not in this state, or something is missing for it; `state`, `allowed_actions`", "one of `allowed_actions`", "no";
        PlanVersionStale: "PLAN_VERSION_STALE", Refusal(FailedPrecondition), "已有新的变动，请重新查看后再办理",
            "PlanService", "it has moved on since it was seen, or the version was not said where it must be; `known`, `current`", "read it again", "no";
        SubjectNotPlanned: "SUBJECT_NOT_PLANNED", Violation, "计划中没有该检查对象",
            "ChangePlan, StartInspection", "the plan is none of the area's, or does not have the subject";
        NotDrawn: "NOT_DRAWN", Violation, "检查对象或检查人员不是该次随机抽取抽中的",
            "StartInspection, AdvanceCase", "by plan: the selection is not of this kind and area, was given up or not drawn, or did not draw them (one further down for each before who is recused)";
        OfficersTooFew: "OFFICERS_TOO_FEW", Violation, "检查人员少于规定人数",
            "StartInspection, AdvanceCase", "fewer officers than the area asks for; `needed`";
        OfficerHasStake: "OFFICER_HAS_STAKE", Refusal(PermissionDenied), "该人员已声明回避，不能办理该检查",
            "AdvanceCase", "the officer declared a stake in the check", "another officer does it", "no";
        OfficerRecused: "OFFICER_RECUSED", Violation, "该人员已声明回避，不能参加检查",
            "StartInspection, AdvanceCase", "the officer declared a stake";
        SampleUnknown: "SAMPLE_UNKNOWN", Violation, "不是本地区该期间已结算的单据",
            "FreezeList", "no settlement that stands, of the area and the period";
        SampleRateBelowFloor: "SAMPLE_RATE_BELOW_FLOOR", Violation, "抽取数量低于本地区规定的最低比例或件数",
            "FreezeList", "fewer than the rules of the area ask for; `floor`, `drawn`, `listed`";
    }
    section "Watching over people" {
        PersonItemUnknown: "PERSON_ITEM_UNKNOWN", Refusal(NotFound), "未查询到该事项",
            "GetPersonItem, AdvancePersonItem", "no such item, or not one the caller may know of", "check `item_id`; ListPeople tells those there are", "no";
        PersonStepRefused: "PERSON_STEP_REFUSED", Refusal(FailedPrecondition), "该事项的当前状态不允许该操作，请刷新后重试",
            "AdvancePersonItem", "not in this state, or what the item rests on does not stand any more; `state`, `allowed_actions`", "one of `allowed_actions`", "no";
    }
    section "Of cases (稽核案件)" {
        CaseUnknown: "CASE_UNKNOWN", Refusal(NotFound), "没有该案件",
            "AdvanceCase, AppealCase, GiveOpinion, GetCase", "no such case, or not one the caller may know of", "check `case_id`; the institution sees its case once it was confirmed", "no";
        CaseStepRefused: "CASE_STEP_REFUSED", Refusal(FailedPrecondition), "案件的当前状态不允许该操作，请刷新后重试",
            "AdvanceCase, AppealCase, GiveOpinion", "the case does not allow this step to this caller in the state it is in: `state`, `allowed_actions`", "take one of the allowed steps", "no";
        CaseVersionStale: "CASE_VERSION_STALE", Refusal(FailedPrecondition), "案件已被他人变更，请刷新后重试",
            "AdvanceCase", "the case has had another step since the `version` that was seen: `known`, `current`", "read it again, and decide on that", "no";
        OwnCase: "OWN_CASE", Refusal(PermissionDenied), "经办人不能审核自己提交或补充过材料的案件，请由其他经办人办理",
            "AdvanceCase", "the officer opened the case, or brought papers to it", "another officer decides", "no";
        ReviewedBefore: "REVIEWED_BEFORE", Refusal(PermissionDenied), "初审、复核、复审应由不同的经办人办理",
            "AdvanceCase", "the officer decided in an earlier review of the case (一事双审)", "another officer decides", "no";
        EvidenceRequired: "EVIDENCE_REQUIRED", Refusal(FailedPrecondition), "该操作需要材料",
            "AdvanceCase, AppealCase", "the step needs a paper: 初审 one of the case unless every line is a finding, an appeal and a correction one of their own", "name the papers by `file_id`", "no";
        AppealTooLate: "APPEAL_TOO_LATE", Refusal(FailedPrecondition), "申诉期已过，已视为认可",
            "AppealCase, AdvancePoints, AdvanceGrade", "the institution was silent up to `last_day`, which is acceptance", "a higher agency may correct a case that was decided wrongly", "no";
        OpinionGiven: "OPINION_GIVEN", Refusal(FailedPrecondition), "该专家已提交会审意见",
            "GiveOpinion", "the expert has given an opinion in this joint review", "nothing is to be done", "no";
        OpinionsMissing: "OPINIONS_MISSING", Refusal(FailedPrecondition), "会审意见不足",
            "AdvanceCase", "fewer opinions were given than the joint review needs", "wait for the named experts", "no";
        RecoveryOpen: "RECOVERY_OPEN", Refusal(FailedPrecondition), "追回尚未全部入账，不能归档",
            "AdvanceCase", "settlement has not told of every recovery of the decision yet", "wait; where settlement recovered everything the case is archived by itself", "after a while";
        FindingInCase: "FINDING_IN_CASE", Refusal(AlreadyExists), "该疑点已在其他案件中",
            "OpenCase", "a finding stands in one case: `jr_id`, `case_id`", "work in that case", "no";
        CaseLineUnknown: "CASE_LINE_UNKNOWN", Violation, "案件没有该明细",
            "AdvanceCase", "the case has no such line";
        AmountAboveConfirmed: "AMOUNT_ABOVE_CONFIRMED", Violation, "复审金额不能高于复核时告知机构的金额",
            "AdvanceCase", "a decision above what the institution was told when the case was confirmed";
        ExpertTookPart: "EXPERT_TOOK_PART", Violation, "该专家已参与本案的提交或审核",
            "AdvanceCase", "an expert who entered something of the case, or reviewed it";
        CaseStateNotQueued: "CASE_STATE_NOT_QUEUED", Violation, "没有该案件状态，或待办列表中没有该状态",
            "ListCases, ListCaseQueue", "no such state, or none that waits for an officer";
        Recovered: "RECOVERED", Refusal(FailedPrecondition), "该结算已有违规费用追回，不能撤销或退费，应先由上级经办机构纠正稽核案件",
            "Reverse, ReverseMessage; Settle, of a refund in a later part of a stay; `why` of RESETTLE_BLOCKED", "something of the settlement, or of the line that is taken back, was recovered by audit's decision: `case_id`, `recovery_id`", "the case is corrected (AdvanceCase, CORRECT), which gives it back; then the settlement can be reversed, the line taken back", "no";
        DecisionMismatch: "DECISION_MISMATCH", Why, "该结算不属于案件的统筹区或机构",
            "Recovery", "the settlement is of another area or institution than the case";
        AlreadyRecovered: "ALREADY_RECOVERED", Why, "该明细已追回",
            "Recovery", "the line is recovered by another decision that stands";
        PractitionerRefused: "PRACTITIONER_REFUSED", Why, "该明细已因开单人员医保支付资格（或未填人员）不予支付，由医药机构承担",
            "Recovery; kind of a mark", "the line was refused at settlement for its practitioner, or because it names nobody: the institution bears it already";
        LineUnknown: "LINE_UNKNOWN", Why, "结算中没有该明细",
            "Recovery", "the settlement has no such line";
        NothingPaid: "NOTHING_PAID", Why, "基金没有支付该明细",
            "Recovery", "the funds paid nothing for the line, or everything that they paid for the bill is recovered";
    }
    section "Of reimbursements (零星报销)" {
        ReimbursementUnknown: "REIMBURSEMENT_UNKNOWN", Refusal(NotFound), "没有该报销申请",
            "ReimbursementService", "no such application, or not one the caller may know of", "check `reimbursement_id`", "no";
        ReimbursementStepRefused: "REIMBURSEMENT_STEP_REFUSED", Refusal(FailedPrecondition), "报销申请的当前状态不允许该操作，请刷新后重试",
            "AdvanceReimbursement, PreviewReimbursement, ReturnPayment", "the application does not allow this step to this caller in the state it is in: `state`, `allowed_actions`", "take one of the allowed steps", "no";
        ReimbursementVersionStale: "REIMBURSEMENT_VERSION_STALE", Refusal(FailedPrecondition), "报销申请已被他人变更，请刷新后重试",
            "AdvanceReimbursement", "the application has had another step since the `version` that was seen: `known`, `current`", "read it again, and decide on that", "no";
        OwnReimbursement: "OWN_REIMBURSEMENT", Refusal(PermissionDenied), "经办人不能审核自己受理或补充过材料的报销申请，请由其他经办人办理",
            "AdvanceReimbursement", "the officer took the application in, or corrected it", "another officer decides", "no";
        SameReviewer: "SAME_REVIEWER", Refusal(PermissionDenied), "初审和复审应由不同的经办人办理（一事双审）",
            "AdvanceReimbursement", "the officer passed the application in the first review", "another officer decides", "no";
        AskedBefore: "ASKED_BEFORE", Refusal(FailedPrecondition), "补正材料只能一次性告知，已告知过",
            "AdvanceReimbursement", "what lacks is asked for once", "decide on what there is", "no";
        SupplementOpen: "SUPPLEMENT_OPEN", Refusal(FailedPrecondition), "补正期限未满，不能以材料不全为由不予报销",
            "AdvanceReimbursement", "the applicant has until `last_day` for what was asked for", "wait for it, or for the day after", "after `last_day`";
        ReimbursementListed: "REIMBURSEMENT_LISTED", Refusal(FailedPrecondition), "该笔报销已在待拨付清单中，不能变更账户",
            "AdvanceReimbursement", "a run that is not confirmed holds it: `run_id`", "the bank pays or returns it first", "after that";
        ManualRateMissing: "MANUAL_RATE_MISSING", Refusal(FailedPrecondition), "该次就诊按备案规定不能直接结算，参保地没有规定零星报销的比例",
            "PreviewReimbursement, AdvanceReimbursement", "filing does not let the visit be settled directly, and the area's rule of reimbursements says no rate (`not_direct`): `why`, `way_out`", "the area publishes its rule, or the person files as `way_out` says", "after that";
        OfReimbursement: "OF_REIMBURSEMENT", Refusal(FailedPrecondition), "该结算由零星报销申请核定，请在报销申请中撤销",
            "CancelManualPayment", "the settlement was made by an application: `reimbursement_id`", "AdvanceReimbursement, REVERSE", "no";
        RunUnknown: "RUN_UNKNOWN", Refusal(NotFound), "没有该拨付批次",
            "ConfirmPaymentRun", "no such run, or not one the caller may know of", "check `run_id`", "no";
        RunConfirmed: "RUN_CONFIRMED", Refusal(FailedPrecondition), "该拨付批次已确认",
            "ConfirmPaymentRun", "the bank has paid it", "nothing is to be done", "no";
        RunChanged: "RUN_CHANGED", Refusal(FailedPrecondition), "拨付批次的金额已有变化，请核对后重试",
            "ConfirmPaymentRun", "the total that is confirmed is not that of the list: `known`, `current`", "read the list again; what the bank paid of what was struck comes back by it", "no";
        PaymentUnknown: "PAYMENT_UNKNOWN", Refusal(NotFound), "没有该笔拨付",
            "ReturnPayment", "no such payment, or not one the caller may know of", "check `payment_id`", "no";
        PaymentReturned: "PAYMENT_RETURNED", Refusal(FailedPrecondition), "该笔拨付已退回或已撤下",
            "ReturnPayment", "the payment was returned or struck before, or there was nothing to pay", "nothing is to be done", "no";
        NotARunDay: "NOT_A_RUN_DAY", Violation, "该日不是本统筹区的拨付日",
            "MakePaymentRun", "the area does not pay on that day; `next` is the first from then on";
        BillUsed: "BILL_USED", Violation, "该票据已用于另一笔报销申请",
            "SubmitReimbursement, AdvanceReimbursement", "a bill stands in one application; `reimbursement_id`";
        AccountNumberGiven: "ACCOUNT_NUMBER_GIVEN", Violation, "请填写账户的引用号，不要填写银行账号",
            "SubmitReimbursement, AdvanceReimbursement", "what looks like the number of a bank account: 10 digits or more in a row";
    }
    section "Of credit (信用评价)" {
        SubjectUnknown: "SUBJECT_UNKNOWN", Refusal(NotFound), "没有该信用主体",
            "calls about a subject", "nobody entered it: `kind`", "register it first, or check the code", "no";
        TerminatedStill: "TERMINATED_STILL", Refusal(FailedPrecondition), "该人员医保支付资格已终止，期限未满，不能重新登记备案",
            "RegisterPractitioners", "terminated; the last day without registration is `until`", "register after that day", "after `until`";
        NotRegisteredThere: "NOT_REGISTERED_THERE", Refusal(FailedPrecondition), "该人员当日未在该机构登记备案",
            "LeaveInstitution", "no registration there that could end on the day, or be taken back", "check institution and day", "no";
        ActCounted: "ACT_COUNTED", Refusal(AlreadyExists), "该行为已记分",
            "DecidePoints, RecordConduct", "the act, `act_id`, has its points already, by `matter_id`; also where audit found it against the same line of the case before, or by the same kind of violation in another case", "take the earlier decision back if it was wrong", "no";
        PointsMatterUnknown: "POINTS_MATTER_UNKNOWN", Refusal(NotFound), "没有该记分事项",
            "AdvancePoints, GetPointsMatter", "no such matter, or not one the caller may know of", "check `matter_id`", "no";
        PointsStepRefused: "POINTS_STEP_REFUSED", Refusal(FailedPrecondition), "记分事项的当前状态不允许该操作，请刷新后重试",
            "AdvancePoints", "the matter does not allow this step now: `state`, `allowed_actions`", "take one of the allowed steps", "no";
        PointsOutsideBand: "POINTS_OUTSIDE_BAND", Violation, "记分超出该情形的档次",
            "DecidePoints, AdvancePoints", "the item and the responsibility allow other points; an appeal never raises them";
        RectificationMissing: "RECTIFICATION_MISSING", Violation, "申请修复应附整改材料",
            "AdvancePoints, AdvanceGrade", "a repair needs a record of how it was put right";
        RepairTooMuch: "REPAIR_TOO_MUCH", Violation, "超出方案允许的修复限度",
            "AdvancePoints, AdvanceGrade", "more points than the year may get back or are left of the conduct, or a suspension shorter than the scheme allows";
        ProposalUnknown: "PROPOSAL_UNKNOWN", Refusal(NotFound), "没有该待记分事项",
            "CloseProposal, ReopenProposal", "no such proposal, or not one of the caller's area", "check `proposal_id`", "no";
        ProposalClosed: "PROPOSAL_CLOSED", Refusal(FailedPrecondition), "该待记分事项已处理",
            "CloseProposal, DecidePoints", "points were decided on it, it was closed, or audit took its decision back: `state`", "read it again", "no";
        ProposalActsLeft: "PROPOSAL_ACTS_LEFT", Refusal(FailedPrecondition), "该待记分事项还有未处理的行为",
            "DecidePoints", "audit found more acts in the case than were decided on: `act_ids`", "give points for each, or name it in `dismissed` with the reason", "no";
        ConductUnknown: "CONDUCT_UNKNOWN", Refusal(NotFound), "没有该失信行为记录",
            "ObjectToConduct, DecideObjection, TakeBackConduct", "no such matter, or not one the caller may know of", "check `matter_id`", "no";
        ConductEntered: "CONDUCT_ENTERED", Refusal(AlreadyExists), "该行为已有记录",
            "RecordPersonConduct", "the person has the same item of the same day and basis: `matter_id`", "nothing is to be done", "no";
        ConductStepRefused: "CONDUCT_STEP_REFUSED", Refusal(FailedPrecondition), "该记录的当前状态不允许该操作，请刷新后重试",
            "ObjectToConduct, DecideObjection, TakeBackConduct", "the matter does not allow this step to this caller now: `state`, `allowed_actions`", "take one of the allowed steps", "no";
        ObjectionTooLate: "OBJECTION_TOO_LATE", Refusal(FailedPrecondition), "异议期已过",
            "ObjectToConduct", "nobody objected up to `last_day`", "the agency takes the record back where it is wrong", "no";
        ProposalNotClosed: "PROPOSAL_NOT_CLOSED", Refusal(FailedPrecondition), "该待记分事项未被关闭",
            "ReopenProposal", "it was not closed: `state`", "nothing is to be done", "no";
        GradeMatterUnknown: "GRADE_MATTER_UNKNOWN", Refusal(NotFound), "没有该信用评价事项",
            "AdvanceGrade, GetGradeMatter", "no such matter, or not one the caller may know of", "check `matter_id`", "no";
        GradeStepRefused: "GRADE_STEP_REFUSED", Refusal(FailedPrecondition), "信用评价事项的当前状态不允许该操作，请刷新后重试",
            "AdvanceGrade", "the matter does not allow this step now: `state`, `allowed_actions`", "take one of the allowed steps", "no";
        GradeYearOpen: "GRADE_YEAR_OPEN", Refusal(FailedPrecondition), "年度尚未结束，不能评价",
            "ProposeGrades", "the year is not over", "propose when it is", "after the year";
        GradeIndicatorUnknown: "GRADE_INDICATOR_UNKNOWN", Violation, "评价方案中没有该指标",
            "ImportGradeIndicators", "the area's scheme of that year measures no such indicator";
        GradeItemUnknown: "GRADE_ITEM_UNKNOWN", Violation, "评价方案中没有该情形",
            "RecordConduct", "the area's scheme of that year has no such item";
    }
    section "Of paying later (信用支付)" {
        PayLaterNotOffered: "PAY_LATER_NOT_OFFERED", Refusal(FailedPrecondition), "该统筹区未开通信用支付",
            "Defer; `refusal` of GetPayLater", "the area has no rule `pay_later` on that day", "it is paid at the counter", "after the area publishes a rule";
        PayLaterNotOpen: "PAY_LATER_NOT_OPEN", Refusal(FailedPrecondition), "参保人未开通信用支付",
            "Defer; `refusal` of GetPayLater", "the person has not opened paying later, or has closed it", "SetPayLater by the person, or the agency on their signed request", "after that";
        PayLaterOverdue: "PAY_LATER_OVERDUE", Refusal(FailedPrecondition), "参保人有逾期未还的信用支付",
            "Defer; `refusal` of GetPayLater", "something is owed after its due date", "it is repaid first (Repay), or this is paid at the counter", "after that";
        PayLaterBarred: "PAY_LATER_BARRED", Refusal(FailedPrecondition), "参保人曾违约，在限制期内不能使用信用支付",
            "Defer; `refusal` of GetPayLater", "a debt was in default, and the days of the area's rule since it was repaid are not over", "it is paid at the counter", "when the days are over";
        PayLaterLimit: "PAY_LATER_LIMIT", Refusal(FailedPrecondition), "超过信用支付额度",
            "Defer", "what is owed would pass the limit: `limit_fen`, `owed_fen`, `left_fen`", "something is repaid first, or this is paid at the counter", "after that";
        PayLaterConduct: "PAY_LATER_CONDUCT", Refusal(FailedPrecondition), "因信用记录，暂不能使用信用支付",
            "Defer; `refusal` of GetPayLater", "what counts of the person's conduct and defaults closes paying later by the area's scheme: `why`, `restored_on`", "it is paid at the counter; a debt that is owed is repaid first; the person may object (ObjectToConduct)", "when it does not count any more";
        DeferTooLate: "DEFER_TOO_LATE", Refusal(FailedPrecondition), "信用支付应在结算当日办理",
            "Defer", "the settlement was made on another day: its cash may be paid", "it is paid at the counter", "no";
        NothingToDefer: "NOTHING_TO_DEFER", Refusal(FailedPrecondition), "本次结算没有现金支付",
            "Defer", "nothing of the settlement is paid in cash", "nothing is to be done", "no";
        AlreadyDeferred: "ALREADY_DEFERRED", Refusal(AlreadyExists), "本次结算已办理信用支付",
            "Defer", "the cash of the settlement is deferred: `deferral_id`", "nothing is to be done", "no";
        DeferralUnknown: "DEFERRAL_UNKNOWN", Refusal(NotFound), "没有该笔信用支付",
            "DeferralService", "no such debt, or not one the caller may know of", "check `deferral_id`", "no";
        DeferralClosed: "DEFERRAL_CLOSED", Refusal(FailedPrecondition), "该笔信用支付已结清、取消或随结算撤销",
            "Repay, CancelDeferral, CancelRepayment", "nothing is owed of it any more: `state`", "nothing is to be done", "no";
        RepaymentsStand: "REPAYMENTS_STAND", Refusal(FailedPrecondition), "该笔信用支付已有还款，不能取消",
            "CancelDeferral", "something of it is repaid", "CancelRepayment first, where the money went back", "after that";
        RepaymentUnknown: "REPAYMENT_UNKNOWN", Refusal(NotFound), "没有该笔还款，或已撤销",
            "CancelRepayment", "the debt has no such repayment that stands", "check `repayment_id`", "no";
        RepaymentKnown: "REPAYMENT_KNOWN", Refusal(AlreadyExists), "该支付流水已登记还款",
            "Repay", "a payment counts once for a debt: `repayment_id`", "nothing is to be done", "no";
        RepaymentAboveOwed: "REPAYMENT_ABOVE_OWED", Violation, "还款金额超过尚欠金额",
            "Repay", "more than is owed; `owed_fen`";
        // Of companies and rankings.
        CompanyCodeInvalid: "COMPANY_CODE_INVALID", Violation, "统一社会信用代码应为 18 位数字或大写字母",
            "CompanyService", "not 18 digits and capital letters";
        CompanyPaperEntered: "COMPANY_PAPER_ENTERED", Refusal(AlreadyExists), "该单据已登记",
            "RecordCompanyEntry", "a paper of this kind and number is entered in the area: `entry_id`", "nothing is to be done; if the other is the mistake, take that back first", "no";
        CompanyEntryUnknown: "COMPANY_ENTRY_UNKNOWN", Refusal(NotFound), "没有该企业记录，或已撤回",
            "WithdrawCompanyEntry", "no such entry that stands, or not one the caller may know of", "check `entry_id`", "no";
        NoConsent: "NO_CONSENT", Refusal(PermissionDenied), "企业没有授权查看，或授权已到期、已撤回",
            "GetCompanyProfile", "no consent of the company for this caller holds today", "ask the company for its consent", "after that";
        ConsentUnknown: "CONSENT_UNKNOWN", Refusal(NotFound), "没有该授权，或已撤回",
            "WithdrawConsent", "no such consent that stands, or not one the caller may know of", "check `consent_id`", "no";
        ConsentReaderInvalid: "CONSENT_READER_INVALID", Violation, "授权对象应为商业机构或部门，如 insurer:PICC",
            "GiveConsent", "not an insurer or department, as the caller header says it";
        ConsentTooLong: "CONSENT_TOO_LONG", Violation, "授权期限最长 366 天，且不能早于当日",
            "GiveConsent", "it begins before today, or lasts longer than 366 days";
        RankingIndicatorUnknown: "RANKING_INDICATOR_UNKNOWN", Violation, "排名方案中没有该指标",
            "ImportRankingIndicators", "the area's scheme of that year has no such indicator";
        RankingValueInvalid: "RANKING_VALUE_INVALID", Violation, "指标值应为数字",
            "ImportRankingIndicators, ImportGradeIndicators", "not a decimal number";
        SurveyAnsweredOtherwise: "SURVEY_ANSWERED_OTHERWISE", Violation, "该次就诊已有不同的评价",
            "RecordSurvey", "the visit was answered for, otherwise: an answer a visit counts, the first";
        RankingPublished: "RANKING_PUBLISHED", Refusal(FailedPrecondition), "该年度排名已发布，不再变更",
            "ImportRankingIndicators, RecordSurvey, PublishRanking", "the ranking of the area and year is published and frozen", "take it back first (WithdrawRanking)", "after that";
        RankingUnknown: "RANKING_UNKNOWN", Refusal(NotFound), "该年度排名尚未发布",
            "RankInstitutions, WithdrawRanking", "no ranking of the area and year is published", "wait for it", "later";
        RankingYearOpen: "RANKING_YEAR_OPEN", Refusal(FailedPrecondition), "年度尚未结束，不能发布排名",
            "PublishRanking", "the year is not over", "publish it when it is", "after the year";
        RankingEmpty: "RANKING_EMPTY", Refusal(FailedPrecondition), "没有可以排名的机构",
            "PublishRanking", "no institution has every indicator and enough answers", "bring what is missing: RankInstitutions tells", "after that";
    }
}
