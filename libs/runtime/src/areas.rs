//! Which 统筹区 a service works for. A deployment may have a database for each group of them (a shard); then every service is told its areas
//! (`server.areas`), and refuses what is another shard's: nothing is written where nobody will look for it (docs/decisions/0076).
//!
//! The [request layer](crate::request_layer) sets what holds around each request and compares what the caller says in [`AREA_HEADER`];
//! [`contract`](crate::contract) compares the areas in requests; what is written about somebody who is known by a number only is compared where a
//! service writes, by [`require`]. Work that outlives its request (a follower) is not asked: it goes by what is in its own database.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::HeaderMap;
use yizhan_terms::Area;

use crate::{Reason, ServiceError};

/// The metadata entry by which a caller says for which 统筹区 a call is, six digits: a gateway finds the shard by it.
pub const AREA_HEADER: &str = "yizhan-area";

/// The area of `check-deployment`, which is nobody's: every shard has it, so that each can be tried.
const OF_EVERY_SHARD: &str = "999900";

tokio::task_local! {
    static HERE: Areas;
}

/// The areas of a service; as a setting six-digit codes divided by commas. An area stands for all that lies in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Areas(Option<Arc<[Area]>>);

impl Areas {
    /// Every area: what a service has that is told nothing.
    pub const ALL: Areas = Areas(None);

    /// Whether everything of an area is worked on here: of a province of which one city is elsewhere it is not.
    pub fn has(&self, area: Area) -> bool {
        let Areas(Some(here)) = self else { return true };
        area.as_str() == OF_EVERY_SHARD || here.iter().any(|one| one.covers(area))
    }

    /// Whether something of an area is worked on here: documents of a province hold in its cities, wherever these are.
    pub fn has_some(&self, area: Area) -> bool {
        let Areas(Some(here)) = self else { return true };
        self.has(area) || here.iter().any(|one| area.covers(*one))
    }

    /// One of them, for a caller to say for whom it calls; `None` where all are here.
    pub fn first(&self) -> Option<Area> {
        self.0.as_ref()?.first().copied()
    }

    /// Compares what a caller says of the area, if it says something.
    ///
    /// # Errors
    /// AREA_NOT_HERE: a gateway led it here by a wrong rule, or it says no area.
    pub(crate) fn check_header(&self, headers: &HeaderMap) -> Result<(), ServiceError> {
        if self.0.is_none() {
            return Ok(());
        }
        let told = headers.get_all(AREA_HEADER).iter().map(|told| told.to_str().ok().and_then(Area::parse));
        for area in told {
            match area {
                Some(area) if self.has(area) => {}
                Some(area) => return Err(self.refusal(area)),
                None => {
                    let text = format!("元数据 {AREA_HEADER} 应为 6 位统筹区代码");
                    return Err(self.refusal("").with_text(text));
                }
            }
        }
        Ok(())
    }

    /// The refusal of an area that is not here.
    pub fn refusal(&self, area: impl fmt::Display) -> ServiceError {
        let text = format!("统筹区 {area} 的业务不由本分片办理（本分片：{self}），请按统筹区路由后重新提交");
        ServiceError::new(Reason::AreaNotHere, format!("area {area} is another shard's; nothing was done"))
            .with_text(text)
            .with("area", area)
            .with("here", self)
    }
}

impl FromStr for Areas {
    type Err = String;

    fn from_str(text: &str) -> Result<Areas, String> {
        let read = |code: &str| Area::parse(code).ok_or_else(|| format!("`{code}` is no area of six digits"));
        let areas: Vec<Area> =
            text.split(',').map(|code| read(code.trim())).collect::<Result<_, String>>()?;
        for (at, area) in areas.iter().enumerate() {
            if let Some(within) = areas[..at].iter().find(|other| other.overlaps(*area)) {
                return Err(format!("{area} and {within} have ground in common: name it once"));
            }
        }
        Ok(Areas(Some(areas.into())))
    }
}

/// As the setting has them; all: `100000`.
impl fmt::Display for Areas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Areas(Some(here)) = self else { return f.write_str(Area::NATION.as_str()) };
        let codes: Vec<&str> = here.iter().map(Area::as_str).collect();
        f.write_str(&codes.join(","))
    }
}

/// Does some work for these areas.
pub async fn within<T>(areas: Areas, work: impl Future<Output = T>) -> T {
    HERE.scope(areas, work).await
}

/// For which areas the request that is being handled here may do something.
pub fn here() -> Areas {
    HERE.try_with(Areas::clone).unwrap_or_default()
}

/// Refuses to do something for an area that is not here; what is no area is not refused for that.
///
/// # Errors
/// AREA_NOT_HERE.
pub fn require(area: impl Into<Option<Area>>) -> Result<(), ServiceError> {
    let here = here();
    match area.into().filter(|area| !here.has(*area)) {
        Some(area) => Err(here.refusal(area)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(code: &str) -> Area {
        Area::parse(code).unwrap()
    }

    #[test]
    fn an_area_stands_for_all_that_lies_in_it() {
        let here: Areas = "430200, 330800".parse().unwrap();
        assert_eq!((here.to_string().as_str(), here.first()), ("430200,330800", Some(area("430200"))));
        let table = [
            ("430200", true, true),
            ("430203", true, true),
            ("430299", true, true),
            ("330802", true, true),
            ("430000", false, true),
            ("100000", false, true),
            ("430300", false, false),
            ("439900", false, false),
            ("999900", true, true),
        ];
        for (code, all, some) in table {
            assert_eq!((here.has(area(code)), here.has_some(area(code))), (all, some), "{code}");
            assert!(Areas::ALL.has(area(code)) && Areas::ALL.has_some(area(code)));
        }
    }

    #[test]
    fn what_is_no_list_of_areas_is_told() {
        for (text, told) in [
            ("", "`` is no area of six digits"),
            ("4302", "`4302` is no area of six digits"),
            ("430200,", "`` is no area of six digits"),
            ("430200,430203", "430203 and 430200 have ground in common: name it once"),
            ("330800,430200,330000", "330000 and 330800 have ground in common: name it once"),
        ] {
            assert_eq!(text.parse::<Areas>().unwrap_err(), told);
        }
    }

    #[tokio::test]
    async fn what_is_required_holds_within_a_request_only() {
        assert!(require(area("330100")).is_ok(), "a follower is not asked");
        within("430200".parse().unwrap(), async {
            let refused = require(area("330100")).unwrap_err();
            assert_eq!(refused.reason(), Reason::AreaNotHere);
            assert_eq!(refused.metadata()["area"], "330100");
            assert_eq!(refused.metadata()["here"], "430200");
            assert!(require(area("430299")).is_ok() && require(None).is_ok());
        })
        .await;
    }
}
