"""Recordings that sound like two people talking, made of nothing but sines: small, and the same for the same seed."""

import math
import random
import struct
import wave
from array import array
from functools import lru_cache
from pathlib import Path

RATE = 8_000
# Pitch of each voice in Hz, and how loud its harmonics are for five vowels.
VOICES = (205.0, 118.0)
VOWELS = ((1.0, 0.7, 0.3, 0.1), (0.6, 1.0, 0.2, 0.3), (0.9, 0.3, 0.1, 0.0), (0.5, 0.8, 0.7, 0.2), (1.0, 0.2, 0.4, 0.3))


@lru_cache(maxsize=64)
def syllable(voice: int, vowel: int, long: int) -> bytes:
    """A tone that swells and dies away, of 120 to 240 ms."""
    count = RATE * (120 + 40 * long) // 1000
    step = 2 * math.pi * VOICES[voice] / RATE
    samples = array("h")
    for i in range(count):
        swell = math.sin(math.pi * i / count) ** 2 * 5_000
        drift = 1 + 0.03 * math.sin(i / 300)
        samples.append(int(swell * sum(a * math.sin(step * drift * i * (n + 1)) for n, a in enumerate(VOWELS[vowel]))))
    return struct.pack(f"<{count}h", *samples)


def silence(seconds: float) -> bytes:
    return bytes(2 * int(RATE * seconds))


def recording(path: Path, *, seconds: int, rng: random.Random) -> None:
    """A WAV of exactly that length: 8 kHz, 16 bit, one channel, two voices in turn."""
    wanted, sound, voice = 2 * RATE * seconds, bytearray(silence(0.3)), 0
    while len(sound) < wanted:
        for _syllable in range(rng.randrange(4, 14)):
            sound += syllable(voice, rng.randrange(len(VOWELS)), rng.randrange(4)) + silence(0.04)
        sound += silence(rng.choice((0.25, 0.4, 0.7)))
        voice = 1 - voice
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(sound[:wanted]))
