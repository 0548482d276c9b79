//! Whatever a replay cannot repeat is refused, with what to use instead.
#![allow(unused)]

use flowcrate::{Context, Result, workflow};

#[workflow]
async fn everything(flow: Context, input: u8) -> Result<u8> {
    let _clock = std::time::SystemTime::now();
    let _monotonic = std::time::Instant::now();
    let _chrono = chrono::Utc::now();
    let _random: u8 = rand::random();
    let _id = uuid::Uuid::new_v4();
    tokio::spawn(async {});
    std::thread::spawn(|| {});
    let _file = std::fs::read("secrets");
    let _socket = std::net::TcpStream::connect("example.com:80");
    println!("{:?}", std::env::var("HOME"));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    Ok(input)
}

fn main() {}
