"""Which recordings can be read: file names, containers and codecs, in one place."""

from __future__ import annotations

READABLE = "wav, flac, mp3, m4a, ogg, opus, aiff and most others"
"""What can be read, for messages and help."""

_UNCOMPRESSED = "wav wave bwf rf64 w64 aif aiff aifc au snd caf voc"
_LOSSLESS = "flac wv tta ape tak"
_LOSSY = "mp3 mp2 mp1 mpga ogg oga opus spx m4a m4b m4r aac adts wma asf ac3 eac3 mpc"
_PHONES_AND_DICTATION = "amr awb 3gp 3ga 3gpp 3g2 webm weba mka qcp dss"
_FILMS = "mp4 mov m4v mkv avi ogv ogx mts m2ts ts mpg mpeg wmv"
_ENCRYPTED_OR_UNKNOWN = "m4p aax aa ds2 msv dvf ra rm mid midi kar"


def _suffixes(*names: str) -> frozenset[str]:
    return frozenset(f".{name}" for several in names for name in several.split())


SUFFIXES = _suffixes(_UNCOMPRESSED, _LOSSLESS, _LOSSY, _PHONES_AND_DICTATION, _FILMS)
"""Files that are taken for recordings by their name. What they are is read from their content."""

FOREIGN = _suffixes(_ENCRYPTED_OR_UNKNOWN)
"""Recordings that cannot be read: encrypted, without a free decoder, or notes instead of sound.
They are listed with what to do, not passed over."""

_DEMUXERS = """
    wav w64 aiff au caf voc flac wv tta ape tak mp3 ogg aac loas asf ac3 eac3 mpc mpc8
    amr amrnb amrwb qcp dss mov mp4 m4a 3gp 3g2 mj2 matroska webm avi mpegts mpeg
"""
DEMUXERS = ",".join(_DEMUXERS.split())
"""FFmpeg's names of the containers that may be opened. Playlists, lists of parts and whatever else
makes it open further files or addresses are not among them."""

_CODECS = """
    pcm_s8 pcm_u8 pcm_s16le pcm_s16be pcm_u16le pcm_u16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be
    pcm_s64le pcm_s64be pcm_f16le pcm_f24le pcm_f32le pcm_f32be pcm_f64le pcm_f64be pcm_alaw
    pcm_mulaw pcm_bluray pcm_dvd pcm_s8_planar pcm_s16le_planar pcm_s16be_planar pcm_s24le_planar
    pcm_s32le_planar adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_ima_oki adpcm_yamaha adpcm_g722
    adpcm_g726 adpcm_g726le adpcm_swf adpcm_ct gsm gsm_ms truespeech g723_1 nellymoser
    flac alac wavpack tta ape tak mp1float mp1 mp2float mp2 mp3float mp3 aac aac_latm ac3 eac3 opus
    vorbis speex wmav1 wmav2 wmapro wmalossless wmavoice mpc7 mpc8 amrnb amrwb qcelp evrc dss_sp
"""
CODECS = ",".join(_CODECS.split())
"""FFmpeg's names of the decoders that may be used: those of sound, none of pictures."""
