//! What the camera measures.

use super::geometry::{N_MODULES, N_PIXELS};

/// A quantity that the camera sends once a minute. The names are those of the camera's own control software.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Quantity {
    /// Temperature of the pixel's preamplifier, °C.
    PixelTemperature,
    /// Current of the pixel's photomultiplier, µA.
    AnodeCurrent,
    /// High voltage as measured at the pixel, V.
    HighVoltage,
    /// Rate of the pixel's first trigger level, Hz.
    PixelRate,
    /// Temperature of the module's slow-control board, °C.
    BoardTemperature,
    /// Humidity at the module's slow-control board, %.
    BoardHumidity,
    /// Temperature of the module's backplane, °C.
    BackplaneTemperature,
    /// Rate of the module's second trigger level, Hz.
    ModuleRate,
    /// How busy the module's readout was at its worst: 0 free to 3 stuck.
    Busy,
    /// Rate of events lost because the camera was busy, Hz.
    BusyRate,
    /// Rate of calibration events, Hz.
    CalibrationRate,
    /// Rate of events of the whole camera, Hz.
    CameraRate,
    /// Rate of the camera's own trigger, Hz.
    LocalRate,
    /// Rate of pedestal events, Hz.
    PedestalRate,
    /// Whether the first-level rate control stepped in: 0 or 1.
    PixelRateControl,
    /// Whether the second-level rate control stepped in: 0 or 1.
    ModuleRateControl,
    /// The highest pixel rate allowed, Hz.
    PixelRateMax,
    /// The highest module rate allowed, Hz.
    ModuleRateMax,
    /// The module rate aimed at, Hz.
    ModuleRateTarget,
}

/// What the channels of a quantity are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parts {
    /// The pixels.
    Pixels,
    /// The modules.
    Modules,
    /// The camera as one.
    Whole,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::PixelTemperature,
        Self::AnodeCurrent,
        Self::HighVoltage,
        Self::PixelRate,
        Self::BoardTemperature,
        Self::BoardHumidity,
        Self::BackplaneTemperature,
        Self::ModuleRate,
        Self::Busy,
        Self::BusyRate,
        Self::CalibrationRate,
        Self::CameraRate,
        Self::LocalRate,
        Self::PedestalRate,
        Self::PixelRateControl,
        Self::ModuleRateControl,
        Self::PixelRateMax,
        Self::ModuleRateMax,
        Self::ModuleRateTarget,
    ];

    /// The name of its metric.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::PixelTemperature => "camera.scb_pixel_temperature",
            Self::AnodeCurrent => "camera.scb_pixel_an_current",
            Self::HighVoltage => "camera.scb_pixel_hv_monitored",
            Self::PixelRate => "camera.l0_pixel_ipr",
            Self::BoardTemperature => "camera.scb_temperature",
            Self::BoardHumidity => "camera.scb_humidity",
            Self::BackplaneTemperature => "camera.backplane_temperature",
            Self::ModuleRate => "camera.l1_rate",
            Self::Busy => "camera.dragon_busy",
            Self::BusyRate => "camera.tib_busy_rate",
            Self::CalibrationRate => "camera.tib_calibration_rate",
            Self::CameraRate => "camera.tib_camera_rate",
            Self::LocalRate => "camera.tib_local_rate",
            Self::PedestalRate => "camera.tib_pedestal_rate",
            Self::PixelRateControl => "camera.clusco_l0_rate_control",
            Self::ModuleRateControl => "camera.clusco_l1_rate_control",
            Self::PixelRateMax => "camera.clusco_l0_rate_max",
            Self::ModuleRateMax => "camera.clusco_l1_rate_max",
            Self::ModuleRateTarget => "camera.clusco_l1_rate_target",
        }
    }

    /// What its channels are.
    pub const fn parts(self) -> Parts {
        match self {
            Self::PixelTemperature | Self::AnodeCurrent | Self::HighVoltage | Self::PixelRate => Parts::Pixels,
            Self::BoardTemperature
            | Self::BoardHumidity
            | Self::BackplaneTemperature
            | Self::ModuleRate
            | Self::Busy => Parts::Modules,
            Self::BusyRate
            | Self::CalibrationRate
            | Self::CameraRate
            | Self::LocalRate
            | Self::PedestalRate
            | Self::PixelRateControl
            | Self::ModuleRateControl
            | Self::PixelRateMax
            | Self::ModuleRateMax
            | Self::ModuleRateTarget => Parts::Whole,
        }
    }

    /// How many channels it has.
    pub const fn n_channels(self) -> usize {
        match self.parts() {
            Parts::Pixels => N_PIXELS,
            Parts::Modules => N_MODULES,
            Parts::Whole => 1,
        }
    }

    /// How fine its sensor reads: a power of two, so that 32-bit floats hold every value exactly.
    pub(super) const fn step(self) -> f64 {
        match self {
            Self::PixelTemperature | Self::BoardTemperature | Self::BackplaneTemperature | Self::AnodeCurrent => {
                1.0 / 64.0
            }
            Self::BoardHumidity => 1.0 / 32.0,
            Self::HighVoltage => 1.0 / 16.0,
            Self::PixelRate
            | Self::ModuleRate
            | Self::BusyRate
            | Self::CalibrationRate
            | Self::CameraRate
            | Self::LocalRate
            | Self::PedestalRate => 1.0 / 4.0,
            Self::Busy
            | Self::PixelRateControl
            | Self::ModuleRateControl
            | Self::PixelRateMax
            | Self::ModuleRateMax
            | Self::ModuleRateTarget => 1.0,
        }
    }

    /// A number of its own for its noise.
    pub(super) const fn key(self) -> u64 {
        (self as u64 + 1) << 32
    }
}
