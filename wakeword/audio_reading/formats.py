"""Which recordings can be read: file names, containers and codecs, in one place."""

from __future__ import annotations

READABLE = "wav, flac, mp3, m4a, ogg, opus, aiff and most others"
"""What can be read, for messages and help."""

SUFFIXES = frozenset(
    # uncompressed
    ".wav .wave .bwf .rf64 .w64 .aif .aiff .aifc .au .snd .caf .voc "
    # lossless
    ".flac .wv .tta .ape .tak "
    # lossy
    ".mp3 .mp2 .mp1 .mpga .ogg .oga .opus .spx .m4a .m4b .m4r .aac .adts .wma .asf .ac3 .eac3 .mpc "
    # phones, browsers and dictation machines
    ".amr .awb .3gp .3ga .3gpp .3g2 .webm .weba .mka .qcp .dss "
    # cameras: the sound of a film
    ".mp4 .mov .m4v .mkv .avi .ogv .ogx .mts .m2ts .ts .mpg .mpeg .wmv".split()
)
"""Files that are taken for recordings by their name. What they are is read from their content."""

FOREIGN = frozenset(".m4p .aax .aa .ds2 .msv .dvf .ra .rm .mid .midi .kar".split())
"""Recordings that cannot be read: encrypted, without a free decoder, or notes instead of sound.
They are listed with what to do, not passed over."""

DEMUXERS = (
    "wav,w64,aiff,au,caf,voc,flac,wv,tta,ape,tak,mp3,ogg,aac,loas,asf,ac3,eac3,mpc,mpc8,amr,amrnb,"
    "amrwb,qcp,dss,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg"
)
"""FFmpeg's names of the containers that may be opened. Playlists, lists of parts and whatever else
makes it open further files or addresses are not among them."""

CODECS = (
    "pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_u16le,pcm_u16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,"
    "pcm_s64le,pcm_s64be,pcm_f16le,pcm_f24le,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,"
    "pcm_mulaw,pcm_bluray,pcm_dvd,pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,"
    "pcm_s32le_planar,pcm_s8_planar,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_ima_oki,adpcm_yamaha,"
    "adpcm_g722,adpcm_g726,adpcm_g726le,adpcm_swf,adpcm_ct,gsm,gsm_ms,truespeech,flac,alac,wavpack,"
    "tta,ape,tak,mp1float,mp1,mp2float,mp2,mp3float,mp3,aac,aac_latm,ac3,eac3,opus,vorbis,speex,"
    "wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,amrwb,qcelp,evrc,mpc7,mpc8,dss_sp,g723_1,nellymoser"
)
"""FFmpeg's names of the decoders that may be used: those of sound, none of pictures."""
