// What the containers of sound files say about their lengths, which libsndfile does not check.
#pragma once

#include <string>
#include <string_view>

namespace tapehead::data::detail {

/// Throws FormatError, with the file's path and the reason, for bytes that are not WAV, FLAC, Ogg
/// or MP3; a WAV file whose header promises more samples than follow; an Ogg file with a page that
/// is truncated or does not have its checksum (RFC 3533), or without the page that ends a stream.
void check_audio_container(const std::string& path, std::string_view bytes);

}  // namespace tapehead::data::detail
