/** The face as a Vue component for NiceGUI: a thin shell around glabella_face.js. */
import { THREE, OrbitControls } from "nicegui-scene";
import { bus, ownUrl } from "glabella_bus";
import { createFaceViewer } from "glabella_face";

export default {
  template: '<div style="width: 100%; height: 100%"></div>',
  props: { person: String, buttons: { type: Boolean, default: true } },
  async mounted() {
    await this.$nextTick(); // only now has the host a size
    this.viewer = createFaceViewer({
      THREE, OrbitControls, host: this.$el, bus, buttons: this.buttons,
      emit: (name, detail) => this.$emit(name, detail),
    });
    for (const [name, value] of Object.entries({ set_person: this.person, ...this.early })) if (value) this[name](value);
  },
  beforeUnmount() {
    this.viewer?.dispose();
  },
  methods: {
    /** What is asked before the face is there is kept until it is. */
    later(name, value) { this.early = { ...this.early, [name]: value }; },
    set_person(url) { this.viewer ? this.viewer.setPerson(ownUrl(url)) : this.later("set_person", url); },
    set_sites(sites) { this.viewer ? this.viewer.setSites(sites) : this.later("set_sites", sites); },
    set_overlay(overlay) {
      if (this.viewer) this.viewer.setOverlay({ ...overlay, url: overlay.url && ownUrl(overlay.url) });
      else this.later("set_overlay", overlay);
    },
    set_mode(mode) { this.viewer ? this.viewer.setMode(mode) : this.later("set_mode", mode); },
    look_at(name) { this.viewer ? this.viewer.lookAt(name) : this.later("look_at", name); },
    snapshot(background) { return this.viewer?.snapshot(background); },
  },
};
