//! Local time anywhere on Earth, from the browser's own table of time zones.

use js_sys::{Array, Function, Object, Reflect};
use shared::time::{Date, MICROS_PER_DAY, MICROS_PER_SEC, Timestamp};
use wasm_bindgen::{JsCast as _, JsValue};

/// A time zone as the browser knows it.
#[derive(Clone, Debug)]
pub struct ZoneClock {
    formatter: JsValue,
    format_to_parts: Function,
}

impl ZoneClock {
    /// The zone of an IANA name, or `None` if this browser does not know it.
    pub fn new(time_zone: &str) -> Option<Self> {
        let options = Object::new();
        for (key, value) in [
            ("timeZone", time_zone),
            ("hourCycle", "h23"),
            ("calendar", "gregory"),
            ("numberingSystem", "latn"),
            ("year", "numeric"),
            ("month", "numeric"),
            ("day", "numeric"),
            ("hour", "numeric"),
            ("minute", "numeric"),
            ("second", "numeric"),
        ] {
            Reflect::set(&options, &key.into(), &value.into()).ok()?;
        }
        // Through `Reflect`, because the constructor throws for an unknown zone.
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let constructor: Function = Reflect::get(&intl, &"DateTimeFormat".into()).ok()?.dyn_into().ok()?;
        let formatter = Reflect::construct(&constructor, &Array::of2(&"en-US".into(), &options)).ok()?;
        let format_to_parts = Reflect::get(&formatter, &"formatToParts".into())
            .ok()?
            .dyn_into()
            .ok()?;
        Some(Self {
            formatter,
            format_to_parts,
        })
    }

    /// Microseconds that local time is ahead of UTC at `time`; `None` if the browser cannot say.
    pub fn offset_micros(&self, time: Timestamp) -> Option<i64> {
        // Whole seconds: the browser's parts have no fraction.
        let seconds = time.as_micros().div_euclid(MICROS_PER_SEC);
        let date = JsValue::from_f64(seconds as f64 * 1_000.0);
        let parts: Array = self
            .format_to_parts
            .call1(&self.formatter, &date)
            .ok()?
            .dyn_into()
            .ok()?;
        let part = |name: &str| {
            parts.iter().find_map(|part| {
                let kind = Reflect::get(&part, &"type".into()).ok()?.as_string()?;
                let value = Reflect::get(&part, &"value".into()).ok()?.as_string()?;
                (kind == name).then(|| value.parse::<i64>().ok()).flatten()
            })
        };
        let date = Date::new(
            i16::try_from(part("year")?).ok()?,
            u8::try_from(part("month")?).ok()?,
            u8::try_from(part("day")?).ok()?,
        )?;
        let second_of_day = part("hour")? * 3600 + part("minute")? * 60 + part("second")?;
        let local_micros = date.to_days() * MICROS_PER_DAY + second_of_day * MICROS_PER_SEC;
        Some(local_micros - seconds * MICROS_PER_SEC)
    }
}
