//! Restate: a service of its SDK, behind its server, which has to be there (README.md).

#[path = "../../measure.rs"]
mod measure;

use restate_sdk::prelude::*;

struct Three;

#[service]
impl Three {
    #[handler]
    async fn run(&self, ctx: Context<'_>, number: u64) -> HandlerResult<u64> {
        let one = ctx.run(|| async move { Ok(number + 1) }).name("one").await?;
        let two = ctx.run(|| async move { Ok(one + 1) }).name("two").await?;
        Ok(ctx.run(|| async move { Ok(two + 1) }).name("three").await?)
    }
}

/// Where the service listens, and the server's two doors.
const SERVICE: &str = "127.0.0.1:9080";
const ADMIN: &str = "http://127.0.0.1:9070/deployments";
const INGRESS: &str = "http://127.0.0.1:8080/Three/run";

#[tokio::main]
async fn main() {
    let endpoint = Endpoint::builder().bind(Three).build();
    let address = SERVICE.parse().expect("an address");
    tokio::spawn(async move { HttpServer::new(endpoint).listen_and_serve(address).await });
    let client = reqwest::Client::new();
    let deployment = format!(r#"{{"uri": "http://{SERVICE}", "force": true}}"#);
    let json = ("content-type", "application/json");
    for _ in 0..50 {
        let told = client.post(ADMIN).header(json.0, json.1).body(deployment.clone()).send().await;
        if told.is_ok_and(|told| told.status().is_success()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let run = move |_| {
        let client = client.clone();
        async move {
            let call = client.post(INGRESS).header(json.0, json.1).body("0");
            let answer = call.send().await.expect("an answer").text().await.expect("a text");
            answer.parse().expect("a number")
        }
    };
    measure::measure("Restate 1.7.12, its own log", run).await;
}
