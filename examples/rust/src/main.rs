//! `cargo run [address]`: serves on 127.0.0.1:8080 unless told otherwise.

use larder::{Larder, Policy};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    // Sessions that nobody uses make room for new ones when there are too many.
    let larder = Larder::builder().memory_max_bytes(64 << 20).policy(Policy::AllkeysS3Fifo).build();
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("try: curl -i -X POST 'http://{}/login?user=ada'", listener.local_addr()?);
    axum::serve(listener, larder_example_sessions::service(&larder)).await?;
    Ok(())
}
