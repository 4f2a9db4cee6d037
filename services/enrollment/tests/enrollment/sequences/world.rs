//! The service, asked to do whatever was rolled.

use super::*;

/// Every request that writes.
#[derive(Clone, Debug)]
pub enum Act {
    Persons(ImportPersonsRequest),
    Coverages(ImportCoveragesRequest),
    Identities(ImportIdentitiesRequest),
    Memberships(ImportMembershipsRequest),
    Shares(ImportAccountSharesRequest),
    Diseases(ImportDiseaseEntitlementsRequest),
    Reverify(ReverifyDiseaseEntitlementRequest),
    Change(ChangeCoverageRequest),
    Pay(RecordContributionsRequest),
    Repair(RepairWaitingRequest),
    Newborn(RegisterNewbornRequest),
    Death(RecordDeathRequest),
    TakeBack(TakeBackChangeRequest),
    Rules(PublishEntitlementRulesRequest),
    Merge(MergePersonsRequest),
    Start(StartTransferRequest),
    Advance(AdvanceTransferRequest),
    Roster(RosterHeader, Vec<RosterRow>),
}

impl Act {
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}

#[derive(Clone)]
pub struct World {
    register: EnrollmentServiceClient<Channel>,
    coverages: CoverageServiceClient<Channel>,
    merges: MergeServiceClient<Channel>,
    transfers: TransferServiceClient<Channel>,
    url: String,
}

pub fn told(answer: &impl Debug) -> (bool, String) {
    let text = format!("{answer:?}");
    (text.contains("replayed: true"), text.replace("replayed: true", "replayed: false"))
}

impl World {
    pub async fn at(url: String) -> World {
        let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
        World {
            register: EnrollmentServiceClient::new(channel.clone()),
            coverages: CoverageServiceClient::new(channel.clone()),
            merges: MergeServiceClient::new(channel.clone()),
            transfers: TransferServiceClient::new(channel),
            url,
        }
    }

    /// Whether it was a replay, and what was answered.
    pub async fn run(&self, act: Act) -> Result<(bool, String), RemoteError> {
        let World { mut register, mut coverages, mut merges, mut transfers, url } = self.clone();
        macro_rules! ask {
            ($client:ident.$method:ident($request:ident)) => {
                told(&$client.$method(as_caller(ADMIN, $request)).await.map_err(error)?.into_inner())
            };
        }
        Ok(match act {
            Act::Persons(request) => ask!(register.import_persons(request)),
            Act::Coverages(request) => ask!(register.import_coverages(request)),
            Act::Identities(request) => ask!(register.import_identities(request)),
            Act::Memberships(request) => ask!(register.import_memberships(request)),
            Act::Shares(request) => ask!(register.import_account_shares(request)),
            Act::Diseases(request) => ask!(coverages.import_disease_entitlements(request)),
            Act::Reverify(request) => ask!(coverages.reverify_disease_entitlement(request)),
            Act::Change(request) => ask!(coverages.change_coverage(request)),
            Act::Pay(request) => ask!(coverages.record_contributions(request)),
            Act::Repair(request) => ask!(coverages.repair_waiting(request)),
            Act::Newborn(request) => ask!(coverages.register_newborn(request)),
            Act::Death(request) => ask!(coverages.record_death(request)),
            Act::TakeBack(request) => ask!(coverages.take_back_change(request)),
            Act::Rules(request) => ask!(coverages.publish_entitlement_rules(request)),
            Act::Merge(request) => ask!(merges.merge_persons(request)),
            Act::Start(request) => ask!(transfers.start_transfer(request)),
            Act::Advance(request) => ask!(transfers.advance_transfer(request)),
            Act::Roster(header, rows) => {
                let department = Department::at(url, "department:430200.civil-affairs").await;
                department.load(&header, &rows).await?;
                (false, String::new())
            }
        })
    }

    /// As the register is now. Whoever a roster changed may be answered from the cache as they were for two seconds.
    pub async fn ask_fresh(
        &mut self,
        psn_nos: &[String],
        versions: &BTreeMap<String, i64>,
    ) -> Vec<BatchAnswer> {
        for _ in 0..100 {
            let told = self.ask(psn_nos, None).await;
            let fresh = told
                .iter()
                .flat_map(|(answer, _)| answer)
                .all(|answer| versions.get(&answer.psn_no) == Some(&answer.person_version));
            if fresh {
                return told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("still answered from an old version after five seconds");
    }

    pub async fn ask(&mut self, psn_nos: &[String], known_at: Option<Timestamp>) -> Vec<BatchAnswer> {
        let mut answers = Vec::new();
        let requests: Vec<GetEligibilityRequest> = psn_nos
            .iter()
            .flat_map(|psn_no| {
                ASKED.map(|as_of| GetEligibilityRequest {
                    psn_no: psn_no.clone(),
                    as_of: as_of.into(),
                    known_at,
                    ..Default::default()
                })
            })
            .collect();
        for requests in requests.chunks(100) {
            let request = BatchGetEligibilitiesRequest { requests: requests.to_vec() };
            let told = self.register.batch_get_eligibilities(as_caller(ADMIN, request)).await.unwrap();
            answers.extend(told.into_inner().responses.into_iter().map(|answer| {
                let eligibility = answer.eligibility;
                let eligibility = eligibility.map(|told| Eligibility { expires_at: None, ..told });
                (eligibility, answer.merged_into)
            }));
        }
        answers
    }
}

pub type BatchAnswer = (Option<Eligibility>, String);
