//! `yizhan check-deployment` against `yizhan serve`: what is deployed settles, and everything that was done is undone.

use yizhan_runtime::config::Service;
use yizhan_testkit::{ServiceProcess, free_port};

/// A deployment, and where each of its services listens.
async fn deployed(folder: &tempfile::TempDir) -> (ServiceProcess, Vec<(Service, String)>) {
    let mut process = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan")).arg("serve");
    let own = process.url();
    process = process.arg("--data").arg(folder.path().to_str().unwrap());
    process = process.env("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true");
    let mut addresses = Vec::new();
    for service in Service::ALL {
        let url = match service {
            Service::Settlement => own.clone(),
            _ => format!("http://127.0.0.1:{}", free_port()),
        };
        process = process.arg(format!("--{service}-port")).arg(url.rsplit(':').next().unwrap());
        addresses.push((service, url));
    }
    (process.start().await, addresses)
}

async fn checked(addresses: &[(Service, String)]) -> (Option<i32>, String) {
    let check = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan")).arg("check-deployment");
    let told = |check: ServiceProcess, (service, url): &(Service, String)| {
        check.arg(format!("--{service}")).arg(url.clone())
    };
    addresses.iter().fold(check, told).run_to_end().await
}

#[tokio::test]
async fn a_deployment_settles_a_visit_of_nobody_and_undoes_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, addresses) = deployed(&folder).await;
    for settlements in [2, 4] {
        let (code, said) = checked(&addresses).await;
        assert_eq!(code, Some(0), "{said}");
        for told in [
            "enrollment: registered, insured, entitled",
            "filing: answers how a visit counts",
            " of 11845.00 yuan paid by funds",
            "audit: looked at the visit before it was settled",
            "credit: knows practitioners, and counted the settlement by settlement's feed",
            "settlement: reversed",
            &format!("the books of 999900 balance, {settlements} settlements"),
            "everything it did here was undone",
        ] {
            assert!(said.contains(told), "{told}: {said}");
        }
    }
    // As the chart's CronJob asks at night: an area after the other, whatever is wrong with one.
    let areas = |areas: &[&str]| {
        let asked = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan")).arg("check-books").arg("--settlement");
        let asked = asked.arg(process.url());
        areas.iter().fold(asked, |asked, area| asked.arg("--area").arg(*area)).run_to_end()
    };
    let (code, said) = areas(&["999900", "430200"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said, "999900: 4 settlements, 0 differences\n430200: 0 settlements, 0 differences\n");
    let (code, said) = areas(&["4302", "999900"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("4302: InvalidArgument") && said.contains("999900: 4 settlements"), "{said}");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_service_that_is_away_is_named_and_nothing_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, mut addresses) = deployed(&folder).await;
    let credit = addresses.iter_mut().find(|(service, _)| *service == Service::Credit).unwrap();
    credit.1 = format!("http://127.0.0.1:{}", free_port());
    let (code, said) = checked(&addresses).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("yizhan: credit: ") && !said.contains("paid by funds"), "{said}");
    assert!(process.terminate().await.success());
}
