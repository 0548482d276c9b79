//! Pokes the driver of a file from another process, so that it need not wait for its next look.
//!
//! A poke is an empty datagram to a socket beside the file. It says nothing and promises nothing:
//! where there is no socket, or its path is too long for one, the look four times a second is
//! what is left.

#[cfg(unix)]
pub(super) use unix::{Ear, poke};

#[cfg(unix)]
mod unix {
    use std::os::unix::net::UnixDatagram;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::JoinHandle;

    fn address(journal: &Path) -> PathBuf {
        let mut name = journal.as_os_str().to_owned();
        name.push(".poke");
        PathBuf::from(name)
    }

    /// Tells whoever drives a file that there is news. Never waits.
    pub(in crate::sqlite) fn poke(journal: &Path) {
        // Nobody there, or an ear that is full of pokes already: both are fine.
        if let Ok(socket) = UnixDatagram::unbound() {
            drop(socket.set_nonblocking(true));
            drop(socket.send_to(&[], address(journal)));
        }
    }

    /// The driver's side; deaf again when dropped.
    pub(in crate::sqlite) struct Ear {
        journal: PathBuf,
        deaf: Arc<AtomicBool>,
        socket: UnixDatagram,
        thread: Option<JoinHandle<()>>,
    }

    impl Ear {
        /// Calls `heard` after each poke. Only the holder of the driver's lock may listen.
        pub(in crate::sqlite) fn listen(
            journal: &Path,
            heard: impl Fn() + Send + 'static,
        ) -> Option<Self> {
            let address = address(journal);
            // What a killed driver left behind.
            drop(std::fs::remove_file(&address));
            let socket = UnixDatagram::bind(address).ok()?;
            let own = socket.try_clone().ok()?;
            let deaf = Arc::new(AtomicBool::new(false));
            let over = Arc::clone(&deaf);
            let listen = move || {
                while socket.recv(&mut [0]).is_ok() && !over.load(Ordering::Acquire) {
                    heard();
                }
            };
            let thread = std::thread::Builder::new().name("flowcrate-poke".to_owned());
            let thread = thread.spawn(listen).ok();
            Some(Self { journal: journal.to_owned(), deaf, socket: own, thread })
        }
    }

    impl Drop for Ear {
        fn drop(&mut self) {
            self.deaf.store(true, Ordering::Release);
            // Either ends its wait; which of them does depends on the system.
            drop(self.socket.shutdown(std::net::Shutdown::Both));
            poke(&self.journal);
            drop(std::fs::remove_file(address(&self.journal)));
            if let Some(thread) = self.thread.take()
                && thread.thread().id() != std::thread::current().id()
            {
                // Deaf, it has nothing left to do; a panic in a hint is the hint's affair.
                drop(thread.join());
            }
        }
    }
}
