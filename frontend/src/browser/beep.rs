//! Short tones, as far as the browser lets a page be heard.

use web_sys::{AudioContext, AudioContextState};

use crate::reactive::Kept;

/// One tone after another, each with a pause behind it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tones {
    /// How high, in hertz.
    pub hertz: f32,
    /// How many.
    pub count: u32,
    /// How long each is, and the pause behind it, in seconds.
    pub secs: f64,
}

/// How loud, of one.
const LOUDNESS: f32 = 0.25;
/// How long a tone takes to come and to go, in seconds: without that it would click.
const EDGE_SECS: f64 = 0.01;

/// What tones come out of. Browsers keep it still until somebody has clicked or typed on the page.
#[derive(Clone, Copy, Debug)]
pub struct Beeper(Kept<Option<AudioContext>>);

impl Beeper {
    /// Not begun yet: a browser warns of a page that begins one before it is needed.
    pub fn new() -> Self {
        Self(Kept::new(None))
    }

    /// Whether it is held still by the browser, or cannot be had at all. Asks it to begin.
    pub fn is_blocked(self) -> bool {
        let context = self.0.try_update_value(|context| {
            if context.is_none() {
                *context = AudioContext::new().ok();
            }
            context.clone()
        });
        let Some(context) = context.flatten() else {
            return true;
        };
        let is_blocked = context.state() != AudioContextState::Running;
        if is_blocked {
            // Refused until somebody has done something on the page; then it is asked again.
            let _ = context.resume();
        }
        is_blocked
    }

    /// Plays some tones from now on. `None` where the browser refuses.
    pub fn play(self, tones: Tones) -> Option<()> {
        let context = self.0.try_get_value().flatten()?;
        let now = context.current_time();
        for at in 0..tones.count {
            let start = now + f64::from(at) * 2.0 * tones.secs;
            let end = start + tones.secs;
            let (tone, gain) = (context.create_oscillator().ok()?, context.create_gain().ok()?);
            tone.frequency().set_value(tones.hertz);
            let loudness = gain.gain();
            loudness.set_value_at_time(0.0, start).ok()?;
            loudness
                .linear_ramp_to_value_at_time(LOUDNESS, start + EDGE_SECS)
                .ok()?;
            loudness.set_value_at_time(LOUDNESS, end - EDGE_SECS).ok()?;
            loudness.linear_ramp_to_value_at_time(0.0, end).ok()?;
            tone.connect_with_audio_node(&gain).ok()?;
            gain.connect_with_audio_node(&context.destination()).ok()?;
            tone.start_with_when(start).ok()?;
            tone.stop_with_when(end).ok()?;
        }
        Some(())
    }
}

impl Default for Beeper {
    fn default() -> Self {
        Self::new()
    }
}
