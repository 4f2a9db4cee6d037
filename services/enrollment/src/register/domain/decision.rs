//! What is decided of one question: the answer from the timeline, and what follows from it.

use yizhan_terms::{Area, Insutype};

use super::eligibility::{Answer, Question, answer};
use super::reward::{Reward, critical_illness_reward};
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::rules::Rules;

/// Whether somebody is entitled, with everything a settlement asks for.
#[derive(Debug)]
pub struct Decision<'a> {
    /// From the timeline alone.
    pub answer: Answer<'a>,
    /// 统筹区 that pays: the coverage's own, else the one that keeps the register.
    pub paying_area: Area,
    /// Whether the care is given away from it.
    pub out_of_area: bool,
    /// By how much the cap of critical-illness insurance is raised; `None` where nothing says so.
    pub reward: Option<Reward>,
}

/// Decides. `home` is the 统筹区 that keeps the register; `rules` are those known at the moment asked about.
pub fn decide<'a>(timeline: &'a Timeline, home: Area, question: &Question, rules: &Rules) -> Decision<'a> {
    let answer = answer(timeline, question);
    let paying_area = answer.coverage.and_then(|coverage| coverage.poolarea_no).unwrap_or(home);
    let rewarded =
        |held: &&Coverage| held.insutype == Insutype::Resident && held.state == CoverageState::Normal;
    let reward = answer.coverage.filter(rewarded);
    let reward =
        reward.and_then(|_| critical_illness_reward(timeline, paying_area, rules, question.as_of).ok());
    let out_of_area = question.place.is_some_and(|place| !paying_area.is_at_home(place));
    Decision { answer, paying_area, out_of_area, reward }
}
