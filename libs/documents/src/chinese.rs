//! What is wrong, in Chinese: sentence by sentence beside the English ones, which are stable only as far as tests compare them. Whoever words a
//! problem adds its sentence here; the tests of the loader fail for one that has none.

use crate::problem::Problem;

/// The English sentence, with `{}` for what varies, and the Chinese one, with `{1}` … for the same.
const SENTENCES: &[(&str, &str)] = &[
    // Keys and values.
    ("`{}` cannot be asked here; one of {}", "`{1}` 不能用作这里的条件；可用 {2}"),
    ("`{}` would be one word", "`{1}` 会被当作一个词"),
    ("no condition: leave `when` out to match every case", "没有条件：适用于全部情形时省略 `when`"),
    ("unknown key `{}`", "不认识的键 `{1}`"),
    ("`{}` and `{}` exclude each other", "`{1}` 与 `{2}` 不能同时写"),
    ("one of `{}` is missing", "缺少 `{1}` 之一"),
    ("one of `from`, `to` is missing", "`from`、`to` 至少写一个"),
    ("`{}` is missing", "缺少 `{1}`"),
    ("a text is needed here: write \"{}\" in quotes", "这里要文本：请加引号写成 \"{1}\""),
    ("a text of more than {} characters", "文本超过 {1} 个字"),
    ("an empty list: give an entry or leave the key out", "空的列表：写上内容，或省略这个键"),
    ("more than {} entries", "超过 {1} 项"),
    ("more than {} keys in one mapping", "一处超过 {1} 个键"),
    ("more than {} rows", "超过 {1} 行"),
    ("more than {} layers", "超过 {1} 层"),
    ("the quotes around `{}` are none of YAML: write \"{}\"", "`{1}` 的引号不是 YAML 的引号：请写成 \"{2}\""),
    ("this value stands in the list already", "列表里已有这个值"),
    ("true or false is needed here, not {}", "这里要 true 或 false，不是 {1}"),
    ("unknown code `{}`; one of: {}", "不认识的代码 `{1}`；可用：{2}"),
    ("{} is needed here, not {}", "这里要{1}，不是 {2}"),
    ("from {} to {} is empty", "{1} 到 {2} 是空的范围"),
    ("no rules: one of `{}`", "没有规则：写 `{1}` 之一"),
    ("`{}` is not an address: http://… or https://…", "`{1}` 不是网址：http://… 或 https://…"),
    ("no source `{}` is declared", "没有声明来源 `{1}`"),
    ("nothing cites the source `{}`", "来源 `{1}` 没有被引用"),
    ("nothing is declared here", "这里没有声明任何内容"),
    ("unknown quality mark `{}`; one of the letters {}", "不认识的可信度标记 `{1}`；可用字母 {2}"),
    // Tables.
    ("`source` is missing: give it to the table or to the row", "缺少 `source`：写在表上或写在行上"),
    ("begins on {}, before the version above it ends", "自 {1} 起，早于上一版本的止日"),
    (
        "no case can match this row: its conditions exclude each other or the layer's `when`",
        "没有病例能符合这一行：条件彼此矛盾，或与本层的 `when` 矛盾",
    ),
    ("nothing holds after {}, while the layer is in force", "{1} 以后没有版本，而本层仍在施行"),
    ("nothing holds from {} until this version begins on {}", "自 {1} 到本版本起日 {2} 之间没有版本"),
    ("nothing holds from {} until {}", "自 {1} 到 {2} 之间没有版本"),
    ("the row has no value: one of `{}`", "这一行没有值：写 `{1}` 之一"),
    (
        "this row and the one on line {} have equal rank and can match the same case: write `rank: {}` to the one that is to decide",
        "这一行与第 {1} 行优先级相同，同一病例可能都符合：给应当适用的一行写 `rank: {2}`",
    ),
    (
        "this row and the one on line {} have equal rank and can match the same case: one of them is enough",
        "这一行与第 {1} 行都是“其余”：只留一行",
    ),
    ("this version lies outside the time its layer is in force", "本版本在本层施行期之外"),
    (
        "`same: false` says nothing: write `points`, `factor` or `prepay`",
        "`same: false` 没有意义：请写 `points`、`factor` 或 `prepay`",
    ),
    (
        "care away from home is not paid better than at home: write points off as -10",
        "异地就医的待遇不高于本地：下浮写作 -10",
    ),
    // One file for another.
    (
        "these are cases, not a policy: `yizhan policy test` settles them",
        "这是病例，不是政策：用 `yizhan policy test` 检验",
    ),
    (
        "this is a policy, not a case: `yizhan policy check` checks it",
        "这是政策，不是病例：用 `yizhan policy check` 检查",
    ),
    // Files and cases as the commands take them.
    ("the folder holds no file of `{}`", "文件夹里没有 `{1}` 文件"),
    ("not the JSON of a case: {}", "不是病例的 JSON：{1}"),
    (
        "`area` and `scheme` are missing, by which the policy is found",
        "缺少 `area` 和 `scheme`，无法找到政策",
    ),
    ("{} visits; `yizhan policy test` settles several", "有 {1} 次就诊：用 `yizhan policy test` 结算多次"),
    ("the policy `{}` cannot be read: {}", "政策 `{1}` 读不了：{2}"),
    ("no policy `{}` is embedded", "没有内置的政策 `{1}`"),
    ("a line of more than {} bytes", "一行超过 {1} 字节"),
    (
        "case {}: cases of its person stand apart; sort the history by person",
        "病例 {1}：同一人的病例没有排在一起；请把历史按人排序",
    ),
    ("more than {} cases of one person", "一个人的病例超过 {1} 个"),
    // Numbers and dates.
    (
        "`{}` is a range, not one value: a row for each, or `unknown: …` with the range in its words",
        "`{1}` 是一个范围，不是一个数：分行写明，或写 `unknown: …` 并说明范围",
    ),
    ("`{}` is below zero", "`{1}` 小于零"),
    ("`{}` is not a day of the year, as 01-01", "`{1}` 不是年内的日子，写作 01-01"),
    ("`{}` is not a day; write it as 2022-10-01", "`{1}` 不是日期；写作 2022-10-01"),
    ("`{}` is not a name: use letters a–z, digits and {}", "`{1}` 不是名称：只用字母 a–z、数字和 {2}"),
    ("`{}` is not a number of percentage points, as -10", "`{1}` 不是百分点数，写作 -10"),
    ("`{}` is not a percentage; write it as {}", "`{1}` 不是百分比；写作 {2}"),
    ("`{}` is not a whole number from {} to {}", "`{1}` 不是 {2} 到 {3} 的整数"),
    ("`{}` is not a whole number of fen within 16 digits", "`{1}` 不是 16 位以内、精确到分的金额"),
    ("`{}` has a separator of thousands: write {} or {}", "`{1}` 里有千位分隔符：请写 {2} 或 {3}"),
    ("`{}` has a separator of thousands: write {}", "`{1}` 里有千位分隔符：请写 {2}"),
    (
        "`{}` is not an amount; write yuan as 1300, 8450.50 or 15万",
        "`{1}` 不是金额；以元为单位写作 1300、8450.50 或 15万",
    ),
    ("`{}` is not a number of at most 8 decimals", "`{1}` 不是小数不超过 8 位的数"),
    (
        "`{}` is not a code of a disease, as M03900: at most {} letters and digits",
        "`{1}` 不是病种编码，如 M03900：至多 {2} 个字母和数字",
    ),
    ("`{}` is not {}: {} digits", "`{1}` 不是{2}：应为 {3} 位数字"),
    ("`{}` lies outside 0–100 %", "`{1}` 不在 0–100% 之内"),
    ("`{}` lies outside ±100 points", "`{1}` 不在 ±100 个百分点之内"),
    ("ends on {}, before it begins on {}", "止日 {1} 早于起日 {2}"),
    ("admitted on {}, after the visit ends on {}", "入院日 {1} 晚于出院或就诊日 {2}"),
    // The file.
    ("`{}` stands here already, on line {}", "`{1}` 在第 {2} 行已经写过"),
    ("a key must be a plain word", "键必须是一个词"),
    ("a second document in the same file: one file holds one", "同一文件里有第二份文档：一个文件只写一份"),
    (
        "anchors, aliases and tags are not used here: write the value out",
        "这里不用锚点、别名和标签：请把值写出来",
    ),
    ("nested deeper than {} levels", "嵌套超过 {1} 层"),
    ("not YAML: {}", "不是 YAML：{1}"),
    ("the file has more than {} bytes", "文件超过 {1} 字节"),
    ("the file cannot be read: {}", "文件读不了：{1}"),
    ("the file is empty", "文件是空的"),
    (
        "this file is GBK (what Windows calls ANSI): save it as UTF-8",
        "这个文件是 GBK 编码（Windows 所称 ANSI）：请另存为 UTF-8",
    ),
    ("this file is UTF-16: save it as UTF-8", "这个文件是 UTF-16 编码：请另存为 UTF-8"),
    ("this file is not UTF-8 from here on: save it as UTF-8", "文件从这里起不是 UTF-8 编码：请另存为 UTF-8"),
    // Policies: names.
    (
        "`extra_prepay: remote` takes effect already: the register's prepay would be taken twice",
        "`extra_prepay: remote` 已经生效：备案核定的先行自付会扣两次",
    ),
    ("`reach` tells how far `sharing: true` goes", "`reach` 说明 `sharing: true` 的范围"),
    ("`{}` is declared: it has its name still", "`{1}` 已声明，名称没有变"),
    ("`{}` is not one of the four parts: {}", "`{1}` 不是费用的四部分之一：{2}"),
    (
        "feeds not what it pays to the `claims` of a `plus`: a year with a claim on it would count as one without",
        "本层支付没有计入 `plus` 的 `claims`：有报销的年度会被当作零报销",
    ),
    ("no accumulator `{}` is declared", "没有声明累计 `{1}`"),
    (
        "years without a claim are calendar years: `plus` needs 01-01",
        "零报销按自然年计：`plus` 要求政策年度自 01-01 起",
    ),
    (
        "`less_previous` is of a deductible of `basic`, no other payer's",
        "`less_previous` 只用于 `basic` 的起付线",
    ),
    (
        "`plus` raises the limit of `critical_illness`, no other payer's",
        "`plus` 只提高 `critical_illness` 的限额",
    ),
    ("an earlier layer is called `{}` already", "前面已有名为 `{1}` 的层"),
    ("begins before the document does, on {}", "早于文档的起日 {1}"),
    ("lies after the end of the document, {}", "晚于文档的止日 {1}"),
    ("no case can meet these conditions together", "没有病例能同时符合这些条件"),
    ("unknown fund_pay_type `{}`", "不认识的基金支付类型 `{1}`"),
    (
        "without a `cap` with `used` the lump sum would be paid again at every visit",
        "没有带 `used` 的 `cap`，定额给付会在每次就诊时再付一次",
    ),
    ("{} ({}) is not a fund of `{}`: {}", "{1}（{2}）不是 `{3}` 的基金：{4}"),
    ("`{}` accumulates {}; {} are needed here", "`{1}` 累计的是{2}；这里要{3}"),
    (
        "layer `{}` has not paid yet: only earlier layers can be named",
        "层 `{1}` 还没有支付：只能引用前面的层",
    ),
    ("no layer feeds the accumulator `{}`", "没有层计入累计 `{1}`"),
    ("nothing reads the accumulator `{}`", "累计 `{1}` 没有被使用"),
    ("there is no layer `{}`", "没有名为 `{1}` 的层"),
    (
        "`lines` chooses lines of the bill: it goes with a part of the bill or `paid_elsewhere` only",
        "`lines` 选择费用明细，只能与费用的部分或 `paid_elsewhere` 一起写",
    ),
    ("comes to more than any amount", "得出的数额过大"),
    ("not between {} and {} times", "倍数不在 {1} 到 {2} 之间"),
    (
        "`counts: net` is of the cost above a `deductible`, which is missing",
        "`counts: net` 指起付线以上的费用，缺少 `deductible`",
    ),
    (
        "the limit counts `{}`, and its accumulator is fed `{}`: write `{}`, or the other `counts`",
        "限额按 `{1}` 计，累计却计入 `{2}`：改写 `{3}`，或改 `counts`",
    ),
    (
        "`by_item` pays lines: the base adds parts of the bill only, and takes away what it will",
        "`by_item` 按明细支付：基数只能加费用的部分，减去的不限",
    ),
    (
        "`days` is what `per_day` pays: this layer pays no days",
        "`days` 是 `per_day` 支付的天数：本层不按天支付",
    ),
    (
        "without a `cap` with `used` nothing limits how many items of the year are paid",
        "没有带 `used` 的 `cap`：一年支付多少项没有限制",
    ),
    (
        "`used` holds what was used of `most_days`, which is missing",
        "`used` 记录 `most_days` 已用的天数，缺少 `most_days`",
    ),
    (
        "`per_day` is for stays: the layer asks for them, `when: { care: [inpatient] }`",
        "`per_day` 用于住院：本层应写 `when: { care: [inpatient] }`",
    ),
    ("`lines` chooses nothing: one of {}", "`lines` 没有选择任何明细：写 {1} 之一"),
    ("`{}` is not a part of the bill; one of: {}", "`{1}` 不是费用的部分；可用：{2}"),
    ("unknown quantity `{}`", "不认识的数额 `{1}`"),
    ("`remote` stands in this list already: it would lower twice", "列表里已有 `remote`：会下浮两次"),
    (
        "`used` adds up over the year: with it the limit is `per: year`",
        "`used` 按年累计：有它的限额应写 `per: year`",
    ),
    (
        "`used` is missing: the accumulator that holds what was charged in the year",
        "缺少 `used`：年度内已扣起付线的累计",
    ),
    (
        "`used` is missing: the accumulator that holds what was used of it in the year",
        "缺少 `used`：年度内已用额的累计",
    ),
    ("`used` is missing: what is raised is a limit of the year", "缺少 `used`：提高的是年度限额"),
    ("what is raised is a limit of the year: `per: year`", "提高的是年度限额：`per: year`"),
    (
        "it adds up by the month: only the `used` of a `cap` or `cost_cap` can read it",
        "它按月累计：只有 `cap`、`cost_cap` 的 `used` 可以用",
    ),
    (
        "`used` adds up over the year: declare it with `per: month`",
        "`used` 按年累计：请在声明处写 `per: month`",
    ),
    (
        "`used` adds up by the month: say `per: month`, `quarter` or `year`",
        "`used` 按月累计：请写明 `per: month`、`quarter` 或 `year`",
    ),
    (
        "what carries over is what is not used of a month: `per: month`",
        "结转的是当月未用的额度：`per: month`",
    ),
    (
        "what adds up by the month needs a policy year that begins with a quarter: 01-01, 04-01, 07-01 or 10-01",
        "按月累计要求政策年度自季度首日起：01-01、04-01、07-01 或 10-01",
    ),
    ("`upto` does not lie above the end of the band before it", "`upto` 没有高于上一段的止点"),
    ("the band above has no `upto`: nothing comes after it", "上一段没有 `upto`：它之后不会再有段"),
    ("two lines have the same `id`", "两条明细的 `id` 相同"),
    // Cases with expectations.
    (
        "expects nothing: name an amount, `paid` or `refused`",
        "没有写应得什么：写一项金额、`paid` 或 `refused`",
    ),
    ("`{}` is of a refusal: name its code with `refused`", "`{1}` 用于拒绝：用 `refused` 写出它的代码"),
    ("`{}` is no quality; one of {}", "`{1}` 不是可信度标记；可用 {2}"),
    ("two cases have the same `id`: {}", "两个病例的 `id` 相同：{1}"),
    (
        "name a `policy`, or the `area` and `scheme` to find it by",
        "写 `policy`，或写 `area` 和 `scheme` 以便找到政策",
    ),
    // Policies: what could pay wrong money in silence.
    ("a layer names `{}`, which is not among these", "有一层写了 `{1}`，这里却没有"),
    ("`{}` stands in `not_published` too", "`{1}` 同时写在 `not_published` 里"),
    (
        "no layer covers `{}` ({}): such cases are refused. Write in `covers` which care this document settles, or in `not_published` that its papers \
         do not say",
        "没有层涉及 `{1}`（{2}）：这类病例会被拒绝。在 `covers` 写明本文档结算哪些医疗类别，或在 `not_published` 写明文件没有公布",
    ),
    ("{} ({}) is no fund of scheme {}", "{1}（{2}）不是险种 {3} 的基金"),
    (
        "counts cost that `{}` may have paid, and would pay it again: add {}, or say that the paper counts it with `counts_paid: [{}]`",
        "基数里有 `{1}` 可能已经支付的费用，会重复支付：加上 {2}；文件规定仍计入的，写 `counts_paid: [{3}]`",
    ),
    (
        "`per` is missing: write `per: {}`, as it is read, or what is meant",
        "缺少 `per`：现按 `per: {1}` 处理，请写明是每次（visit）还是每年度（year）",
    ),
    (
        "every case of `{}` ({}) that this layer pays for is refused from {} on: `{}` is `unknown` to all of them",
        "本层支付的 `{1}`（{2}）自 {3} 起全部不予结算：`{4}` 对所有人都写作 `unknown`",
    ),
    (
        "whoever this limit holds for is refused: name with `used` what adds up over the year, and who cannot have reached it either way is paid",
        "适用本限额的病例全部不予结算：用 `used` 写明年度内累计什么，两种理解下结果相同的就能结算",
    ),
    (
        "`unknown` says why: write `{ unknown: 文件没有写每次还是每年度 }`",
        "`unknown` 要写明原因：`{ unknown: 文件没有写每次还是每年度 }`",
    ),
    ("`per` is of `most_days`, which is missing", "`per` 说的是 `most_days`，这里没有写"),
    ("no row decides a case as `{}` on {}: it would be refused", "病例 `{1}` 在 {2} 没有适用的行，会被拒绝"),
    (
        "too many combinations: not all cases of layer `{}` were tried on {}",
        "组合太多：层 `{1}` 在 {2} 的情形没有全部试过",
    ),
    (
        "no layer of basic insurance applies to a case as `{}` on {}: it would pay nothing, and what comes after in its place. Where nothing is \
         paid, a layer says `{}`",
        "病例 `{1}` 在 {2} 没有适用的统筹层：统筹会一分不付，后面的付款方会替它支付。确实不付的，写一层 `{3}`",
    ),
    (
        "`{}` has cost in it that `{}` counts already: the base counts it twice",
        "`{1}` 里有 `{2}` 已经计入的费用：基数重复计算",
    ),
    ("takes away `{}`, which `{}` takes away already", "又减去 `{1}`，`{2}` 已经减过"),
    (
        "`{}` is read here as what this layer's visits of before added, and the layer does not add it: write `{}`",
        "这里把 `{1}` 当作本层以前各次的累计，本层却没有计入：写 `{2}`",
    ),
    (
        "`{}` is fed `{}` here and `{}` by layer `{}`: it adds up two kinds of things",
        "`{1}` 在这里计入 `{2}`，层 `{4}` 却计入 `{3}`：一个累计加了两种东西",
    ),
    (
        "layer `{}` feeds `{}` the same visit: it would count as two",
        "层 `{1}` 也把本次计入 `{2}`：一次会算成两次",
    ),
    ("nobody of the scheme is `{}`: no case meets this", "本险种没有人是 `{1}`：没有病例符合"),
    (
        "`{}` is no code of a disease as the register has them, M and five digits as M03900",
        "`{1}` 不是病种编码：应为 M 加五位数字，如 M03900",
    ),
    (
        "no diagnosis begins with `{}`: write a capital letter and half-width digits, as C or C34.1",
        "没有诊断编码以 `{1}` 开头：请写大写字母和半角数字，如 C 或 C34.1",
    ),
    (
        "`{}` has spaces around it, and nothing is called so: write `{}`",
        "`{1}` 前后有空格，没有这样的名称：写 `{2}`",
    ),
    ("`{}` is read as one name: write `{}`", "`{1}` 会被当作一个名称：请写 `{2}`"),
    ("`{}` is no kind of membership: one of {}", "`{1}` 不是参加情况的种类：应为 {2} 之一"),
    ("`{}` is a membership: write it under `membership`", "`{1}` 是参加情况：请写在 `membership` 下"),
    ("no {} is known as `{}`", "没有见过{1} `{2}`"),
    (
        "class 甲 has no 先行自付, and this row takes it of 甲 too: write `{}`",
        "甲类没有先行自付，这一行对甲类也适用：写 `{1}`",
    ),
    (
        "the limit of {} lies below the deductible of {}: is one of them in 万?",
        "限额 {1} 低于起付线 {2}：其中一个是不是以万计？",
    ),
    (
        "this value is ten times off those of the rows beside it: a decimal point, or 万?",
        "这个数与旁边各行相差十倍：是不是小数点或“万”写错了？",
    ),
    (
        "the ratio of a band is ten times off that of another band of its row: a decimal point?",
        "同一行里一段的比例与另一段相差十倍：是不是小数点写错了？",
    ),
    (
        "no policy year begins on {}: what stands here counts for nothing. The year of that day begins on {}",
        "{1} 不是政策年度的第一天：这里的累计不起作用。这一天所在的年度自 {2} 起",
    ),
    ("`{}` stands under `{}`, and `{}` adds it up as `{}`", "`{1}` 写在 `{2}` 下，`{3}` 却以 `{4}` 累计"),
    ("`{}` asks for no {} `{}`", "`{1}` 没有用到{2} `{3}`"),
    ("`{}` declares no {} `{}`", "`{1}` 没有声明{2} `{3}`"),
    ("nobody of scheme {} is `{}`; one of: {}", "险种 {1} 没有 `{2}` 的人；可用：{3}"),
    (
        "a line of class 丙 is paid by the person whole: its `prepay` changes nothing",
        "丙类明细全部由个人承担：`prepay` 不起作用",
    ),
    ("quantity × price is {}, and the amount {}", "数量 × 单价为 {1}，金额却是 {2}"),
    // Documents together.
    (
        "{} and {} are both the policy of area {}, scheme {}: {}",
        "{1} 与 {2} 都是统筹区 {3}、险种 {4} 的政策：{5}",
    ),
    (
        "`{}` declares accumulator `{}` of area {} with another unit, `by` or `per`",
        "`{1}` 以另一种单位、`by` 或 `per` 声明了统筹区 {3} 的累计 `{2}`",
    ),
    (
        "`{}` {} adds up `{}` in the same policy year as `{}` {}, which declares no such accumulator and maps it to none like it: the year would begin \
         anew. Keep the name, or write `renames: {}`",
        "`{1}` {2} 与 `{4}` {5} 在同一政策年度，前者累计 `{3}`，后者没有声明也没有对应：年度累计会从零开始。保留名称，或写 `renames: {6}`",
    ),
    (
        "{} do not go together: another of them has a {} `{}`: call it otherwise",
        "{1} 不能并行：其中另一份已有名为 `{3}` 的{2}，请改名",
    ),
    (
        "{} do not go together: layer `{}` of `{}` and layer `{}` of `{}` both pay whoever has `{}`: one product would pay twice. Publish the document \
         without it first",
        "{1} 不能并行：`{3}` 的 `{2}` 层和 `{5}` 的 `{4}` 层都向有 `{6}` 的人支付，同一产品会付两次：先公布不含它的文档",
    ),
    ("{} do not go together: {}: {} ({})", "{1} 不能并行：{2} 处 {4}：{3}"),
    // Calendars.
    ("holds on days of an earlier version", "与前面的版本在同一天施行"),
    ("a holiday of more than {} days", "超过 {1} 天的假期"),
    ("shares days with {}", "与 {1} 有重合的日子"),
];

/// What may follow a sentence.
const HINTS: &[(&str, &str)] = &[("; did you mean `{}`?", "；是不是 `{1}`？")];

/// What is said of signs that a Chinese keyboard typed, as a sentence of its own or behind one.
const SIGNS: &[(&str, &str)] = &[
    ("`{}` ({}) is no comma of YAML: write `, `", "`{1}`（{2}）不是 YAML 的逗号：请写半角逗号加空格 `, `"),
    (
        "`：` is a full-width colon: write `: `, with a space behind it",
        "`：` 是全角冒号：请写半角冒号加空格 `: `",
    ),
    ("`:` has no space behind it: write `: `", "`:` 后面没有空格：请写 `: `"),
    (
        "`{}` ({}) is no dash of a list: write `- `, with a space behind it",
        "`{1}`（{2}）不是列表的短横线：请写半角短横线加空格 `- `",
    ),
    (
        "`＃` (U+FF03) begins no comment: write `#`, with a space before it",
        "`＃`（U+FF03）不能开始注释：请写半角 `#`，前面加空格",
    ),
    (
        "`＃` (U+FF03) begins no comment: write `#`, or the whole text in quotes",
        "`＃`（U+FF03）不能开始注释：请写半角 `#`；确属文字的，请把整段文字加半角引号",
    ),
    (
        "no plain space stands before `#`, and it begins no comment: write one, or the whole text in quotes",
        "`#` 前面不是半角空格，不能开始注释：请写半角空格；确属文字的，请把整段文字加半角引号",
    ),
    ("`{}` ({}) is no quote of YAML: write `\"`", "`{1}`（{2}）不是 YAML 的引号：请写半角引号 `\"`"),
    ("`{}` ({}) is no bracket of YAML: write `{}`", "`{1}`（{2}）不是 YAML 的括号：请写半角的 `{3}`"),
    ("the line is indented by {} ({}): write plain spaces", "这一行用{1}（{2}）缩进：请写半角空格"),
    ("{} ({}) is no space of YAML: write a plain one", "{1}（{2}）不是 YAML 的空格：请写半角空格"),
    ("`{}` ({}) does not belong behind `{}`: leave it out", "`{3}` 后面多了 `{1}`（{2}）：请删去"),
];

/// Words that stand in for what varies.
const WORDS: &[(&str, &str)] = &[
    ("a text", "文本"),
    ("a date", "日期"),
    ("an amount", "金额"),
    ("a ratio", "比例"),
    ("a number of points", "百分点数"),
    ("a number", "数"),
    ("a whole number", "整数"),
    ("a day of the year", "年内的日子"),
    ("a list", "列表"),
    ("a mapping", "键和值"),
    ("nothing", "空"),
    ("a full-width space", "全角空格"),
    ("a no-break space", "不间断空格"),
    ("a pooling area (admdvs)", "统筹区代码"),
    ("an area (admdvs)", "行政区划代码"),
    ("a list_type", "目录类别"),
    ("a class, as \"02\"", "类别，如 \"02\""),
    ("amounts (fen)", "金额"),
    ("visits (count)", "次数"),
    ("accumulator", "累计"),
    ("source", "来源"),
    ("layer", "层"),
    ("identity", "身份"),
    ("membership", "参加情况"),
    ("label", "明细标记"),
    ("tag", "就诊标记"),
];

impl Problem {
    /// What is wrong in Chinese; in English behind its code where nobody has said it in Chinese yet.
    pub fn chinese(&self) -> String {
        chinese(&self.message)
            .unwrap_or_else(|| format!("文档有错误（{}）：{}", self.kind.code(), self.message))
    }
}

/// A message of this crate, or of who reads with it, in Chinese.
pub fn chinese(message: &str) -> Option<String> {
    for (hint, of_hint) in HINTS {
        let start = hint.split("{}").next().filter(|start| !start.is_empty());
        let Some(at) = start.and_then(|start| message.find(start)) else { continue };
        let (sentence, rest) = message.split_at(at);
        if let (Some(sentence), Some(parts)) = (whole(sentence), parts(hint, rest)) {
            return Some(sentence + &filled(of_hint, &parts));
        }
    }
    let mut ends = message.match_indices("; ");
    let behind = |at: usize| Some((whole(&message[..at])?, sentence(SIGNS, &message[at + 2..])?));
    let signed = ends.find_map(|(at, _)| behind(at));
    signed.map(|(of, sign)| format!("{of}；{sign}")).or_else(|| whole(message))
}

fn whole(message: &str) -> Option<String> {
    sentence(SIGNS, message).or_else(|| sentence(SENTENCES, message))
}

fn sentence(all: &[(&str, &str)], message: &str) -> Option<String> {
    all.iter().find_map(|(english, chinese)| Some(filled(chinese, &parts(english, message)?)))
}

/// What stands for each `{}` of a sentence.
fn parts<'m>(sentence: &str, message: &'m str) -> Option<Vec<&'m str>> {
    let mut fixed = sentence.split("{}");
    let mut rest = message.strip_prefix(fixed.next()?)?;
    let mut fixed = fixed.peekable();
    let mut parts = Vec::new();
    while let Some(next) = fixed.next() {
        let at = match (fixed.peek(), next) {
            // The last one goes as far as the end allows.
            (None, end) => rest.strip_suffix(end).map(str::len)?,
            (Some(_), between) => rest.find(between)?,
        };
        parts.push(&rest[..at]);
        rest = &rest[at + next.len()..];
    }
    rest.is_empty().then_some(parts)
}

fn filled(chinese: &str, parts: &[&str]) -> String {
    parts.iter().enumerate().fold(chinese.to_owned(), |text, (index, part)| {
        let word = WORDS.iter().find(|(english, _)| english == part).map_or(*part, |(_, chinese)| chinese);
        text.replace(&format!("{{{}}}", index + 1), word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_found_with_what_varies_in_them() {
        let said = |message| chinese(message).unwrap_or_default();
        assert_eq!(
            said("unknown key `deductable`; did you mean `deductible`?"),
            "不认识的键 `deductable`；是不是 `deductible`？"
        );
        assert_eq!(said("a ratio is needed here, not nothing"), "这里要比例，不是 空");
        assert_eq!(said("`a` and `b` exclude each other"), "`a` 与 `b` 不能同时写");
        assert_eq!(chinese("something else"), None);
    }

    #[test]
    fn a_sentence_says_in_chinese_what_varies() {
        for (english, chinese) in SENTENCES.iter().chain(HINTS).chain(SIGNS) {
            let count = english.matches("{}").count();
            let named = |number: usize| chinese.contains(&format!("{{{number}}}"));
            assert!((1..=count).all(named) && !named(count + 1), "{english}");
        }
    }
}
